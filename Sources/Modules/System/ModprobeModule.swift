import Diagnostics
import Results
import Target
import Values

/// Modules of the Linux kernel, as `community.general.modprobe` loads and unloads them.
struct ModprobeModule: Module {
    static let manual = ModuleManual(
        name: "community.general.modprobe",
        summary: "Load or unload kernel modules, now and at every start.",
        arguments: [
            .required("name", .string, "The module, such as `br_netfilter`."),
            .optional(
                "state", .string, "Whether it is to be loaded.", default: "present", choices: ["absent", "present"]),
            .optional("params", .string, "Its parameters.", default: ""),
            .optional(
                "persistent", .string,
                "Whether it is to be loaded at every start, through files in `/etc/modules-load.d` and "
                    + "`/etc/modprobe.d`; `disabled` leaves them alone.",
                default: "disabled", choices: ["absent", "disabled", "present"]),
        ],
        example: """
            - community.general.modprobe:
                name: br_netfilter
                persistent: present
            """,
        aliases: ["ansible.builtin.modprobe"]
    )

    private let name: String
    private let isWanted: Bool
    private let parameters: String
    private let persistence: String
    private let given: ValueMap

    struct Step: Sendable {
        /// `load`, `unload` or empty.
        var action = ""
        var files: [HostText.Step] = []
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        isWanted = arguments.optionalString("state") != "absent"
        parameters = arguments.optionalString("params")?.trimmed ?? ""
        persistence = arguments.optionalString("persistent") ?? "disabled"
        given = [
            "name": .string(name), "params": .string(parameters), "state": isWanted ? "present" : "absent",
        ]
        if name.isEmpty || name.hasPrefix("-") || name.contains("/") || name.contains(where: \.isWhitespace) {
            throw Diagnostic(.badValue, "'\(name)' is no kernel module", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let load = "/etc/modules-load.d/\(name).conf"
        let options = "/etc/modprobe.d/\(name).conf"
        var loadFile = try await target.hostText(load, with: Self.look, [name])
        let isLoaded = loadFile.rest.next() == "1"
        let isEquipped = loadFile.rest.next() == "1"
        let others = loadFile.rest.next().split(separator: "\n").map(String.init)
        var step = Step()
        var change = Change()
        if isLoaded != isWanted {
            guard isEquipped else {
                return try target.lacking("modprobe", remedy: "Install kmod first.", step: step)
            }
            step.action = isWanted ? "load" : "unload"
            change.parts.append(
                .setting(
                    "module \(name)", before: isLoaded ? "loaded" : "not loaded",
                    after: isWanted ? "loaded" : "not loaded"))
        }
        let optionText = loadFile.rest.next()
        let isOptioned = HostText.lines(optionText).contains { $0.hasPrefix("options \(name) ") }
        if let awaits = loadFile.awaits { return .unknown(awaits, step) }
        func put(_ file: HostText, _ text: String?) {
            guard let (more, write) = file.plan(text, mode: text == nil ? nil : 0o644) else { return }
            change.parts += more.parts
            change.effects += more.effects
            step.files.append(write)
        }
        let optionLines = parameters.split(separator: " ").map { "options \(name) \($0)\n" }.joined()
        switch persistence {
        case "present":
            // Another file of that directory may name it already.
            if !others.contains(name) { put(loadFile, "\(name)\n") }
            if !parameters.isEmpty, optionLines != optionText { put(try await target.hostText(options), optionLines) }
        case "absent":
            if loadFile.lines.contains(where: { $0.trimmed == name }) { put(loadFile, nil) }
            if isOptioned { put(try await target.hostText(options), nil) }
        default: break
        }
        guard !change.isEmpty else { return .asWanted(.ok(given)) }
        return .change(change, step, foreseen: .changed(given))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let words = parameters.split(separator: " ").map(String.init)
        switch step.action {
        case "load":
            try await run(["modprobe", name] + words, "load", target)
        case "unload":
            try await run(["modprobe", "-r", name], "unload", target)
        default: break
        }
        for file in step.files { try await target.carryOut(file) }
        return .changed(given)
    }

    private func run(_ words: [String], _ verb: String, _ target: some TargetWriter) async throws(Diagnostic) {
        let result = try await target.run(Command(.words(words)))
        guard !result.succeeded else { return }
        throw Diagnostic(
            .failed, "cannot \(verb) kernel module '\(name)': \(result.errorOutput.lastLine)",
            remedy: "In a container the machine's own kernel has to load it.", host: target.hostName)
    }

    /// `$sp_a` the module. Writes whether it is loaded or built in, whether there is a modprobe, and what
    /// `/etc/modules-load.d` names, and the module's own file of options.
    private static let look: Script = #"""
        sp_plain=$(printf '%s' "$sp_a" | tr - _)
        sp_loaded=0
        if grep -q "^$sp_plain " /proc/modules 2>/dev/null; then
            sp_loaded=1
        elif [ -r "/lib/modules/$(uname -r)/modules.builtin" ] &&
            tr - _ <"/lib/modules/$(uname -r)/modules.builtin" | grep -q "/$sp_plain\.ko"; then
            sp_loaded=1
        fi
        printf '%s\0' $sp_loaded
        if command -v modprobe >/dev/null 2>&1; then printf '1\0'; else printf '0\0'; fi
        cat /etc/modules-load.d/*.conf 2>/dev/null | sed 's/[[:space:]]*[#;].*//; s/^[[:space:]]*//; /^$/d'
        printf '\0'
        cat -- "/etc/modprobe.d/$sp_a.conf" 2>/dev/null
        printf '\0'
        """#
}

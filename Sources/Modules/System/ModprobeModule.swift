import Diagnostics
import Results
import Target
import Values

/// Modules of the Linux kernel, as `community.general.modprobe` loads and unloads them.
struct ModprobeModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "community.general.modprobe",
        summary: "Load or unload kernel modules, now and at every start.",
        description: """
            Lines of `/etc/modules-load.d/*.conf` and `/etc/modprobe.d/*.conf` that are no longer wanted become comments, \
            in whichever file they are; new ones go to files with the module's name.
            """,
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
        let answer = try await target.query(Self.look, name)
        var fields = FieldReader(answer.stdout)
        let isLoaded = fields.next() == "1"
        let isEquipped = fields.next() == "1"
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
        if persistence != "disabled" {
            var texts: [String: String] = [:]
            while !fields.isAtEnd {
                let path = fields.next()
                texts[path] = fields.next()
            }
            for (path, effect) in target.foreseen.files where Self.isConfiguration(path) {
                if effect.kind == .file, effect.content == nil {
                    return .unknown(Unknown("what an earlier task leaves in '\(path)'"), step)
                }
                texts[path] = effect.content.map { String(decoding: $0, as: UTF8.self) }
            }
            for edit in edits(texts) {
                let file = try await target.hostText(edit.path)
                guard let (more, write) = file.plan(edit.applied(to: file.lines), mode: file.text == nil ? 0o644 : nil)
                else { continue }
                change.parts += more.parts
                change.effects += more.effects
                step.files.append(write)
            }
        }
        guard !change.isEmpty else { return .asWanted(.ok(given)) }
        return .change(change, step, foreseen: .changed(given))
    }

    // MARK: The files

    private static let loadFolder = "/etc/modules-load.d"
    private static let optionFolder = "/etc/modprobe.d"

    private static func isConfiguration(_ path: String) -> Bool {
        path.hasSuffix(".conf") && [loadFolder, optionFolder].contains(FilePlacement.directory(of: path))
    }

    /// What becomes of one file: some lines turned into comments, others added.
    private struct Edit {
        var path: String
        var isOld: (String) -> Bool = { _ in false }
        var added: [String] = []

        func applied(to lines: [String]) -> String {
            (lines.map { isOld($0) ? "#" + $0 : $0 } + added).map { $0 + "\n" }.joined()
        }
    }

    /// - Parameter texts: The files that may name the module, by path.
    private func edits(_ texts: [String: String]) -> [Edit] {
        let paths = texts.keys.sorted()
        let loading = paths.filter {
            $0.hasPrefix(Self.loadFolder + "/") && HostText.lines(texts[$0] ?? "").contains(where: isLoading)
        }
        let optioned = paths.filter {
            $0.hasPrefix(Self.optionFolder + "/") && HostText.lines(texts[$0] ?? "").contains { options($0) != nil }
        }
        let disabled = optioned.map { Edit(path: $0, isOld: { options($0) != nil }) }
        guard persistence == "present" else {
            return loading.map { Edit(path: $0, isOld: isLoading) } + disabled
        }
        var edits: [Edit] = []
        if loading.isEmpty { edits.append(Edit(path: "\(Self.loadFolder)/\(name).conf", added: [name])) }
        let now = optioned.flatMap { HostText.lines(texts[$0] ?? "").compactMap(options).joined() }
        let wanted = parameters.split(separator: " ").map(String.init)
        guard Set(now) != Set(wanted) else { return edits }
        edits += disabled
        let own = "\(Self.optionFolder)/\(name).conf"
        let added = wanted.map { "options \(name) \($0)" }
        if let at = edits.firstIndex(where: { $0.path == own }) {
            edits[at].added = added
        } else if !added.isEmpty {
            edits.append(Edit(path: own, added: added))
        }
        return edits
    }

    /// Without what is a comment.
    private static func words(of line: String) -> [String] {
        line.prefix { $0 != "#" && $0 != ";" }.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Dashes and underscores are the same in a module's name.
    private static func plain(_ name: String) -> String { name.replacing("-", with: "_") }

    /// Whether a line of `modules-load.d` is the module's.
    private func isLoading(_ line: String) -> Bool {
        let words = Self.words(of: line)
        return words.count == 1 && Self.plain(words[0]) == Self.plain(name)
    }

    /// The parameters that a line of `modprobe.d` gives the module; nil if it is about something else.
    private func options(_ line: String) -> [String]? {
        let words = Self.words(of: line)
        guard words.count > 2, words[0] == "options", Self.plain(words[1]) == Self.plain(name) else { return nil }
        return Array(words[2...])
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

    /// `$1` the module. Writes whether it is loaded or built in, whether there is a modprobe, and path and text of every
    /// file of configuration that mentions it.
    private static let look: Script = #"""
        plain=$(printf '%s' "$1" | tr - _)
        loaded=0
        if grep -q "^$plain " /proc/modules 2>/dev/null; then
            loaded=1
        elif [ -r "/lib/modules/$(uname -r)/modules.builtin" ] &&
            tr - _ <"/lib/modules/$(uname -r)/modules.builtin" | grep -q "/$plain\.ko"; then
            loaded=1
        fi
        printf '%s\0' $loaded
        if command -v modprobe >/dev/null 2>&1; then printf '1\0'; else printf '0\0'; fi
        for file in /etc/modules-load.d/*.conf /etc/modprobe.d/*.conf; do
            [ -f "$file" ] || continue
            tr - _ <"$file" | grep -qF -e "$plain" || continue
            printf '%s\0' "$file"
            cat -- "$file"
            printf '\0'
        done
        """#
}

import Diagnostics
import Results
import Target
import Values

/// Kernel settings, as `ansible.posix.sysctl` manages them.
struct SysctlModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.posix.sysctl",
        summary: "Set kernel parameters, now and at every start.",
        arguments: [
            .required("name", .string, "The parameter, such as `net.ipv4.ip_forward`.", aliases: ["key"]),
            .optional("value", .string, "Its value; yes and no mean 1 and 0.", aliases: ["val"]),
            .optional(
                "state", .string, "Whether the file is to name it.", default: "present", choices: ["absent", "present"]),
            .optional("reload", .bool, "Let the kernel take the file over with `sysctl -p`.", default: true),
            .optional("sysctl_set", .bool, "Set the value in the running kernel, too, if it differs.", default: false),
            .optional("ignoreerrors", .bool, "Pass over parameters that the kernel does not know.", default: false),
            .optional("sysctl_file", .path, "The file.", default: "/etc/sysctl.conf"),
        ],
        example: """
            - ansible.posix.sysctl:
                name: net.ipv4.ip_forward
                value: "1"
                sysctl_file: /etc/sysctl.d/90-forward.conf
            """,
        aliases: ["ansible.builtin.sysctl"]
    )

    private let name: String
    private let value: String
    private let isWanted: Bool
    private let reloads: Bool
    private let sets: Bool
    private let ignoresErrors: Bool
    private let file: String

    struct Step: Sendable {
        var file: HostText.Step?
        var sets = false
        /// The file for `sysctl -p`, as it is called on the host.
        var reloads: String?
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name").trimmed
        isWanted = arguments.optionalString("state") != "absent"
        reloads = arguments.bool("reload")
        sets = arguments.bool("sysctl_set")
        ignoresErrors = arguments.bool("ignoreerrors")
        file = arguments.optionalString("sysctl_file") ?? "/etc/sysctl.conf"
        let text = arguments.optionalString("value")?.trimmed ?? ""
        switch ArgumentConversion.boolean(.string(text))?.boolValue {
        case true?: value = "1"
        case false?: value = "0"
        case nil: value = text
        }
        if name.isEmpty || name.hasPrefix("-") || name.contains("=") {
            throw Diagnostic(.badValue, "'\(name)' is no kernel parameter", at: arguments.location)
        }
        if isWanted, value.isEmpty {
            throw Diagnostic(.missingArgument, "sysctl needs 'value'", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        var found = try await target.hostText(file, with: Self.look, [name])
        if let awaits = found.awaits { return .unknown(awaits, Step()) }
        guard found.rest.next() == "1" else {
            return try target.lacking("sysctl", remedy: "Install procps first.", step: Step())
        }
        let running = found.rest.next()
        let isKnown = found.rest.next() == "0" && !running.isEmpty
        let (after, named) = edited(found.lines)
        var step = Step()
        var change = Change()
        var isChanged = false
        if isWanted ? named != value : named?.isEmpty == false {
            isChanged = true
            if let planned = found.plan(after) {
                change = planned.change
                step.file = planned.step
            }
        }
        if isWanted {
            let isSame = isKnown && Self.words(running) == Self.words(value)
            if !isSame, reloads || sets {
                isChanged = true
                change.parts.append(
                    .setting(name, before: isKnown ? .string(running.trimmed) : .null, after: .string(value)))
            }
            step.sets = sets && isKnown && !isSame
        }
        guard isChanged else { return .asWanted(.ok()) }
        step.reloads = reloads ? found.path : nil
        return .change(change, step, foreseen: .changed())
    }

    /// The file's text with the parameter as wanted and every parameter once, and the value it names now.
    private func edited(_ lines: [String]) -> (text: String, value: String?) {
        var result: [String] = []
        var seen: Set<String> = []
        var named: String?
        for line in lines.map(\.trimmed) {
            guard let equals = line.firstIndex(of: "="), !line.hasPrefix("#"), !line.hasPrefix(";") else {
                result.append(line)
                continue
            }
            let key = line[..<equals].trimmed
            let text = line[line.index(after: equals)...].trimmed
            if key == name { named = text }
            guard seen.insert(key).inserted else { continue }
            if key != name {
                result.append("\(key)=\(text)")
            } else if isWanted {
                result.append("\(key)=\(value)")
            }
        }
        if isWanted, !seen.contains(name) { result.append("\(name)=\(value)") }
        return (result.map { $0 + "\n" }.joined(), named)
    }

    private static func words(_ text: String) -> [Substring] { text.split(whereSeparator: \.isWhitespace) }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if step.sets { try await run(["-w", "\(name)=\(value)"], "set \(name)", target) }
        if let file = step.file { try await target.carryOut(file) }
        if let file = step.reloads { try await run(["-p", file], "take '\(file)' over", target) }
        return .changed()
    }

    private func run(_ words: [String], _ doing: String, _ target: some TargetWriter) async throws(Diagnostic) {
        let result = try await target.run(
            Command(.words(["env", "LC_ALL=C", "sysctl"] + (ignoresErrors ? ["-e"] : []) + words)))
        // sysctl may end with 0 although the kernel refused.
        let refused = result.errorOutput.split(separator: "\n").first { line in
            line.hasPrefix("sysctl: setting key")
                && (line.hasSuffix("Invalid argument") || line.hasSuffix("Read-only file system"))
        }
        guard !result.succeeded || refused != nil else { return }
        let said = refused.map(String.init) ?? result.errorOutput.lastLine
        throw Diagnostic(
            .failed, "cannot \(doing): \(said.isEmpty ? result.output.lastLine : said)",
            remedy: said.contains("cannot stat") || said.contains("No such file")
                ? "Load the module that brings it first, or set 'ignoreerrors: true'." : nil, host: target.hostName)
    }

    /// `$sp_a` the parameter. Writes whether there is a sysctl, the running value, and sysctl's status.
    private static let look: Script = #"""
        if command -v sysctl >/dev/null 2>&1; then
            sp_now=$(sysctl -e -n "$sp_a" 2>/dev/null)
            printf '1\0%s\0%s\0' "$sp_now" "$?"
        else
            printf '0\0\0\0'
        fi
        """#
}

import Diagnostics
import Results
import Target
import Values

/// What dpkg is to do with a package, as `ansible.builtin.dpkg_selections` sets it.
struct DpkgSelectionsModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.dpkg_selections",
        summary: "Hold Debian packages at their version, or let go of them.",
        arguments: [
            .required("name", .string, "The package."),
            .required(
                "selection", .string, "`hold` keeps its version.", choices: ["deinstall", "hold", "install", "purge"]),
        ],
        example: """
            - ansible.builtin.dpkg_selections:
                name: docker-ce
                selection: hold
            """,
        aliases: ["ansible.legacy.dpkg_selections"]
    )

    private let name: String
    private let selection: String

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        selection = try arguments.string("selection")
        if name.isEmpty || name.hasPrefix("-") || name.contains(where: \.isWhitespace) {
            throw Diagnostic(.badValue, "'\(name)' is no package", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let answer = try await target.query(Self.look, name)
        guard answer.status != 3 else {
            return try target.lacking("dpkg", remedy: "Use the host's own package manager.", step: ())
        }
        let words = answer.output.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count > 1 else {
            if target.foreseen.packages[name] == true {
                return .change(
                    .action("set \(name) to \(selection)"), (),
                    foreseen: .changed(["before": "install", "after": .string(selection)]))
            }
            throw Diagnostic(
                .failed, "dpkg does not know package '\(name)'", remedy: "Mend the name, or install it first.",
                host: target.hostName)
        }
        let values: ValueMap = ["before": .string(words[1]), "after": .string(selection)]
        guard words[1] != selection else { return .asWanted(.ok(values)) }
        return .change(
            Change([.setting(name, before: .string(words[1]), after: .string(selection))]), (),
            foreseen: .changed(values))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let before = try await target.query(Self.look, name).output.split(whereSeparator: \.isWhitespace)
        try await target.perform(
            Self.set, [], input: Array("\(name)\t\(selection)\n".utf8), doing: "set '\(name)' to \(selection)")
        return .changed([
            "before": before.count > 1 ? .string(String(before[1])) : .null, "after": .string(selection),
        ])
    }

    private static let look: Script = #"""
        command -v dpkg >/dev/null 2>&1 || exit 3
        dpkg --get-selections "$1" 2>/dev/null | head -n 1
        """#

    private static let set: Script = #"""
        dpkg --set-selections
        """#
}

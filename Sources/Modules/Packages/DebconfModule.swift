import Diagnostics
import Results
import Target
import Values

/// Answers to the questions of Debian packages, as `ansible.builtin.debconf` sets them.
struct DebconfModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.debconf",
        summary: "Answer the questions of a Debian package beforehand.",
        description: """
            Reading takes `debconf-show`, which every Debian host has. A password's answer cannot be read, so it is \
            set every time.
            """,
        arguments: [
            .required("name", .string, "The package.", aliases: ["pkg"]),
            .optional(
                "question", .string, "The question; without it, all answers are told.",
                aliases: ["selection", "setting"]),
            .optional(
                "vtype", .string, "The question's type.",
                choices: [
                    "boolean", "error", "multiselect", "note", "password", "seen", "select", "string", "text", "title",
                ]),
            .optional("value", .raw, "The answer; a list for several choices.", aliases: ["answer"]),
            .optional("unseen", .bool, "Leave the question to be asked all the same.", default: false),
        ],
        example: """
            - ansible.builtin.debconf:
                name: locales
                question: locales/default_environment_locale
                value: en_GB.UTF-8
                vtype: select
            """,
        aliases: ["ansible.legacy.debconf"]
    )

    private let name: String
    private let question: String?
    private let type: String
    private let value: String
    private let isUnseen: Bool
    private let isSecret: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        question = arguments.optionalString("question")
        type = arguments.optionalString("vtype") ?? ""
        isUnseen = arguments.bool("unseen")
        isSecret = type == "password" || arguments["value"]?.holdsSecret ?? false
        let given = arguments["value"]
        switch given {
        case .bool(let bool): value = bool ? "true" : "false"
        case .list(let items), .tuple(let items): value = items.map(\.pythonText).joined(separator: ", ")
        default: value = given?.pythonText ?? ""
        }
        if question != nil, type.isEmpty || given == nil {
            throw Diagnostic(.missingArgument, "an answer needs 'vtype' and 'value'", at: arguments.location)
        }
        if (name + (question ?? "") + value).contains(where: \.isNewline) {
            throw Diagnostic(.badValue, "an answer of debconf is one line", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let answer = try await target.query(Self.look, name)
        guard answer.status != 127 else {
            return try target.lacking("debconf-show", remedy: "Debian's package 'debconf' brings it.", step: ())
        }
        let current = try answers(answer, target.hostName)
        guard let question else { return .asWanted(.ok(["msg": "", "current": .map(current)])) }
        let before = current[question]?.stringValue
        if type != "password", let before, Self.plain(before, type) == Self.plain(value, type) {
            return .asWanted(.ok(["msg": "", "current": .map(current)]))
        }
        let shown: Value = isSecret ? "********" : .string(value)
        return .change(
            Change([.setting(question, before: isSecret ? "********" : .string(before ?? ""), after: shown)]), (),
            foreseen: .changed(values(question, before)))
    }

    private func values(_ question: String, _ before: String?) -> ValueMap {
        let marks: Text.Marks = isSecret ? .secret : []
        return [
            "msg": "", "current": [question: .string(Text(value, marks: marks))],
            "previous": before.map { [question: .string(Text($0, marks: marks))] } ?? [:],
        ]
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard let question else { return .ok() }
        let before = try answers(try await target.query(Self.look, name), target.hostName)[question]?.stringValue
        try await target.perform(
            Self.set, [isUnseen ? "1" : ""], input: Array("\(name) \(question) \(type) \(value)\n".utf8),
            doing: "answer '\(question)'")
        return .changed(values(question, before))
    }

    /// `* tzdata/Areas: Etc`, with a star for questions that were asked.
    ///
    /// - Throws: `Diagnostic` where debconf did not answer, as while another program has its database locked.
    private func answers(_ shown: CommandResult, _ host: String) throws(Diagnostic) -> ValueMap {
        guard shown.succeeded else {
            throw Diagnostic(
                .failed, "cannot read the answers for '\(name)': \(shown.errorOutput.lastLine)",
                remedy: shown.errorOutput.contains("locked")
                    ? "Wait for the other program, such as apt: `retries` and `until` try again."
                    : "Become root with `become: true`.", host: host)
        }
        var answers: ValueMap = [:]
        for line in HostText.lines(shown.output) {
            let bare = line.drop { $0 == "*" || $0 == " " }
            guard let colon = bare.firstIndex(of: ":") else { continue }
            answers[String(bare[..<colon])] = .string(bare[bare.index(after: colon)...].trimmed)
        }
        return answers
    }

    private static func plain(_ answer: String, _ type: String) -> String {
        switch type {
        case "boolean": answer.lowercased()
        case "multiselect": answer.split(separator: ",").map(\.trimmed).sorted().joined(separator: ",")
        default: answer
        }
    }

    private static let look: Script = #"""
        command -v debconf-show >/dev/null 2>&1 || exit 127
        debconf-show "$1"
        """#

    private static let set: Script = #"""
        if [ -n "$1" ]; then debconf-set-selections -u; else debconf-set-selections; fi
        """#
}

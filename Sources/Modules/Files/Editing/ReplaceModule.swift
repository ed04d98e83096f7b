import Diagnostics
internal import Jinja
import Results
import Target
import Values

/// Replaces every match of a pattern in a text file, as `ansible.builtin.replace` does.
struct ReplaceModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.replace",
        summary: "Replace every match of a pattern in a text file.",
        description: """
            The pattern is Python's and looks at the whole file: `^` and `$` are the begin and end of each line, \
            `.` is anything but a line end. Choose it so that it does not match what it is replaced with.
            """,
        arguments: [
            .required("path", .path, "The file.", aliases: ["dest", "destfile", "name"]),
            .required("regexp", .string, "What is replaced."),
            .optional(
                "replace", .string, "What takes its place; `\\1` and `\\g<name>` are what groups matched.", default: ""),
            .optional("after", .string, "Replace only behind the first match of this pattern; `.` is anything in it."),
            .optional("before", .string, "Replace only before the first match of this pattern."),
            .optional(
                "encoding", .string, "How the file is encoded.", default: "utf-8",
                choices: ["utf-8", "utf8", "UTF-8", "ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1"]),
        ] + FileEdit.arguments,
        example: """
            - ansible.builtin.replace:
                path: /etc/hosts
                regexp: '(\\s+)old\\.host\\.name(\\s+.*)?$'
                replace: '\\1new.host.name\\2'
            """,
        aliases: ["ansible.legacy.replace"]
    )

    private let edit: FileEdit
    private let regex: Regex
    /// The same for files that are no UTF-8, which are looked at byte by byte.
    private let byteRegex: Regex
    private let replacement: ReplacementTemplate
    /// What the part to look at is, as the group `subsection`; nil for the whole file.
    private let section: (regex: Regex, bytes: Regex, pattern: String)?
    private let encoding: String

    init(_ arguments: Arguments) throws(Diagnostic) {
        var edit = try FileEdit(arguments)
        edit.isSecret = arguments["replace"]?.holdsSecret ?? false
        self.edit = edit
        replacement = ReplacementTemplate(arguments.optionalString("replace") ?? "")
        encoding = (arguments.optionalString("encoding") ?? "utf-8").lowercased()
        let after = arguments.optionalString("after") ?? ""
        let before = arguments.optionalString("before") ?? ""
        let pattern: String? =
            switch (after.isEmpty, before.isEmpty) {
            case (true, true): nil
            case (false, true): after + "(?P<subsection>.*)"
            case (true, false): "(?P<subsection>.*)" + before
            case (false, false): after + "(?P<subsection>.*?)" + before
            }
        do {
            let text = try arguments.string("regexp")
            regex = try Regex.compiled(text, .multiline)
            byteRegex = try Regex.compiled(text, [.multiline, .bytes])
            section = try pattern.map { text throws(Diagnostic) in
                (try Regex.compiled(text, .dotAll), try Regex.compiled(text, [.dotAll, .bytes]), text)
            }
        } catch {
            throw error.located(at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<FileEdit.Step> {
        guard let original = try await edit.read(target) else { return edit.undecided }
        let text = try decoded(original.content ?? [], original.place.path, target.hostName)
        var range = 0..<text.count
        let isText = String(validating: text, as: UTF8.self) != nil
        if let section {
            let area = isText ? section.regex : section.bytes
            guard let number = area.groupNames["subsection"], let match = try area.firstMatch(in: text),
                let found = match.ranges[number]
            else {
                let message =
                    "Pattern for before/after params did not match the given file: \(section.pattern)"
                return .asWanted(.ok(["rc": 0, "msg": .string(message)]))
            }
            range = found
        }
        let part = Array(text[range])
        let (replaced, count) = try replacing(part, isText ? regex : byteRegex)
        var message = ""
        var content = original.content ?? []
        if count > 0, replaced != part {
            message = "\(count) replacements made"
            content = try encoded(Array(text[..<range.lowerBound]) + replaced + text[range.upperBound...])
        }
        return try await edit.plan(original, content: content, message: message, values: ["rc": 0], target)
    }

    func apply(_ step: FileEdit.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await edit.apply(step, to: target)
    }

    private func replacing(_ bytes: [UInt8], _ regex: Regex) throws(Diagnostic) -> ([UInt8], Int) {
        let matches = try regex.matches(in: bytes)
        var result: [UInt8] = []
        var position = 0
        for match in matches {
            result += bytes[position..<match.whole.lowerBound]
            let (expanded, missing) = replacement.expanded(match, in: bytes, regex)
            if let missing {
                throw Diagnostic(.badValue, "'replace' names the group \(missing), which 'regexp' does not have")
            }
            result += expanded
            position = match.whole.upperBound
        }
        return (result + bytes[position...], matches.count)
    }

    /// The file's text in UTF-8.
    private func decoded(_ bytes: [UInt8], _ path: String, _ host: String) throws(Diagnostic) -> [UInt8] {
        switch encoding {
        case "latin-1", "latin1", "iso-8859-1":
            return Array(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })).utf8)
        case "ascii", "us-ascii":
            guard bytes.allSatisfy({ $0 < 0x80 }) else { break }
            return bytes
        default: return bytes
        }
        throw Diagnostic(
            .failed, "'\(path)' is not written in \(encoding)", remedy: "Name its encoding with 'encoding: latin-1'.",
            host: host)
    }

    private func encoded(_ text: [UInt8]) throws(Diagnostic) -> [UInt8] {
        guard encoding.hasPrefix("latin") || encoding.hasPrefix("iso") || encoding.contains("ascii") else {
            return text
        }
        let limit: UInt32 = encoding.contains("ascii") ? 0x80 : 0x100
        var bytes: [UInt8] = []
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            guard scalar.value < limit else {
                throw Diagnostic(.failed, "'replace' holds '\(scalar)', which \(encoding) cannot write")
            }
            bytes.append(UInt8(scalar.value))
        }
        return bytes
    }
}

import Diagnostics
internal import Jinja
import Results
import Target
import Values

/// Keeps one line in a text file, or out of it, as `ansible.builtin.lineinfile` does.
struct LineinfileModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.lineinfile",
        summary: "Have one line in a text file, or none that matches.",
        description: """
            Patterns are Python's and look at one line at a time. With `regexp` or `search_string`, the last line \
            that matches is replaced; if none does, the line is added where `insertafter` or `insertbefore` say, \
            else at the end.
            """,
        arguments: [
            .required("path", .path, "The file.", aliases: ["dest", "destfile", "name"]),
            .optional("regexp", .string, "What the line to replace or remove matches.", aliases: ["regex"]),
            .optional("search_string", .string, "Text that the line to replace or remove holds."),
            .optional(
                "state", .string, "Whether the line is there.", default: "present", choices: ["absent", "present"]),
            .optional("line", .string, "The line.", aliases: ["value"]),
            .optional(
                "backrefs", .bool,
                "Put what groups of `regexp` matched for `\\1` or `\\g<name>` in `line`; where "
                    + "nothing matches, leave the file alone.", default: false),
            .optional("insertafter", .string, "A new line goes behind the last line that matches; `EOF` is the end."),
            .optional("insertbefore", .string, "A new line goes before the last one that matches; `BOF` is the start."),
            .optional("create", .bool, "Make the file if it is not there.", default: false),
            .optional("firstmatch", .bool, "Take the first line that matches, not the last.", default: false),
        ] + FileEdit.arguments,
        registeredDiff: .sections,
        example: """
            - ansible.builtin.lineinfile:
                path: /etc/ssh/sshd_config
                regexp: '^#?PermitRootLogin'
                line: PermitRootLogin no
                validate: sshd -t -f %s
            """,
        aliases: ["ansible.legacy.lineinfile"],
        exclusive: [["insertbefore", "insertafter"], ["regexp", "search_string"], ["backrefs", "search_string"]]
    )

    private let edit: FileEdit
    private let isPresent: Bool
    private let line: [UInt8]
    private let regex: Regex?
    private let search: [UInt8]?
    private let expansion: ReplacementTemplate?
    private let after: String?
    private let before: String?
    private let insertion: Regex?
    private let takesFirst: Bool
    private let warnings: [String]

    init(_ arguments: Arguments) throws(Diagnostic) {
        var edit = try FileEdit(arguments)
        edit.backupValue = "backup"
        edit.isSecret = arguments["line"]?.holdsSecret ?? false
        self.edit = edit
        isPresent = arguments.optionalString("state") != "absent"
        let pattern = arguments.optionalString("regexp")
        search = arguments.optionalString("search_string").map { Array($0.utf8) }
        let text = arguments.optionalString("line")
        line = Array((text ?? "").utf8)
        takesFirst = arguments.bool("firstmatch")
        let expands = arguments.bool("backrefs")
        before = arguments.optionalString("insertbefore")
        after = arguments.optionalString("insertafter") ?? (before == nil ? "EOF" : nil)
        if isPresent, expands, pattern == nil {
            throw Diagnostic(.missingArgument, "'backrefs' needs 'regexp'", at: arguments.location)
        }
        if isPresent, text == nil {
            throw Diagnostic(.missingArgument, "'line' is required with 'state: present'", at: arguments.location)
        }
        if !isPresent, pattern == nil, search == nil, text == nil {
            throw Diagnostic(
                .missingArgument, "'state: absent' needs one of 'line', 'search_string' and 'regexp'",
                at: arguments.location)
        }
        warnings =
            pattern == "" || search == []
            ? ["the \(pattern == "" ? "regexp" : "search_string") is empty, so that it matches every line"] : []
        do {
            regex = try pattern.map { text throws(Diagnostic) in try Regex.compiled(text, .bytes) }
            if isPresent, let after, after != "EOF", after != "BOF" {
                insertion = try Regex.compiled(after, .bytes)
            } else if isPresent, let before, before != "BOF" {
                insertion = try Regex.compiled(before, .bytes)
            } else {
                insertion = nil
            }
        } catch {
            throw error.located(at: arguments.location)
        }
        expansion = expands ? ReplacementTemplate(text ?? "") : nil
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<FileEdit.Step> {
        guard let original = try await edit.read(target, mayBeMissing: !isPresent) else { return edit.undecided }
        if !isPresent, original.isMissing { return .asWanted(.ok(["msg": "file not present"])) }
        let lines = ByteLines.split(original.content ?? [])
        let (after, message) = isPresent ? try edited(lines) : try reduced(lines)
        var values: ValueMap = [:]
        if !isPresent { values["found"] = .int(lines.count - after.count) }
        return try await edit.plan(
            original, content: Array(after.joined()), message: message, values: values, target
        ).adding(warnings)
    }

    func apply(_ step: FileEdit.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await edit.apply(step, to: target)
    }

    /// The lines without those that match.
    private func reduced(_ lines: [[UInt8]]) throws(Diagnostic) -> (lines: [[UInt8]], message: String) {
        var kept: [[UInt8]] = []
        for current in lines {
            let matches: Bool
            if let regex {
                matches = try regex.firstMatch(in: current) != nil
            } else if let search {
                matches = ByteLines.contains(search, in: current)
            } else {
                matches = ByteLines.bare(current).elementsEqual(line)
            }
            if !matches { kept.append(current) }
        }
        let count = lines.count - kept.count
        return (kept, count > 0 ? "\(count) line(s) removed" : "")
    }

    /// The lines with ours among them.
    private func edited(_ lines: [[UInt8]]) throws(Diagnostic) -> (lines: [[UInt8]], message: String) {
        var lines = lines
        var replaced: Int?
        var expanded: [UInt8]?
        for (index, current) in lines.enumerated() {
            if let regex {
                guard let match = try regex.firstMatch(in: current) else { continue }
                replaced = index
                expanded = try expand(match, current, regex)
            } else if let search, ByteLines.contains(search, in: current) {
                replaced = index
            } else {
                continue
            }
            if takesFirst { break }
        }
        var place: Int?
        if replaced == nil {
            for (index, current) in lines.enumerated() {
                if ByteLines.bare(current).elementsEqual(line) {
                    replaced = index
                } else if let insertion, try insertion.firstMatch(in: current) != nil {
                    if let after, !after.isEmpty {
                        place = index + 1
                    } else if let before, !before.isEmpty {
                        place = index
                    } else {
                        continue
                    }
                    if takesFirst { break }
                }
            }
        }
        let whole = line + [ByteLines.newline]
        if let replaced {
            var new = expanded ?? line
            if new.last != ByteLines.newline { new.append(ByteLines.newline) }
            guard lines[replaced] != new else { return (lines, "") }
            lines[replaced] = new
            return (lines, "line replaced")
        }
        if expansion != nil { return (lines, "") }
        if before == "BOF" || after == "BOF" {
            lines.insert(whole, at: 0)
        } else if let place, after != "EOF" {
            // Behind a line that is there already, as far as a line end was asked for.
            if let after, !after.isEmpty {
                let neighbour = place == lines.count ? lines[place - 1] : lines[place]
                if ByteLines.bare(neighbour).elementsEqual(line) { return (lines, "") }
                if place == lines.count { Self.endLast(&lines) }
            }
            lines.insert(whole, at: place)
        } else {
            Self.endLast(&lines)
            lines.append(whole)
        }
        return (lines, "line added")
    }

    private func expand(_ match: Regex.Match, _ current: [UInt8], _ regex: Regex) throws(Diagnostic) -> [UInt8]? {
        guard let expansion else { return nil }
        let (bytes, missing) = expansion.expanded(match, in: current, regex)
        if let missing {
            throw Diagnostic(.badValue, "'line' names the group \(missing), which 'regexp' does not have")
        }
        return bytes
    }

    /// Gives the last line an end, if it has none.
    private static func endLast(_ lines: inout [[UInt8]]) {
        guard let last = lines.last?.last, last != ByteLines.newline, last != ByteLines.carriageReturn else { return }
        lines[lines.count - 1].append(ByteLines.newline)
    }
}

import Diagnostics
internal import Jinja
import Results
import Target
import Values

/// Keeps a block of lines between two markers in a text file, as `ansible.builtin.blockinfile` does.
struct BlockinfileModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.blockinfile",
        summary: "Have a block of lines between markers in a text file.",
        description: """
            The markers tell the block from the rest of the file; give each block of a file its own `marker`. \
            An empty block is removed with its markers.
            """,
        arguments: [
            .required("path", .path, "The file.", aliases: ["dest", "destfile", "name"]),
            .optional(
                "state", .string, "Whether the block is there.", default: "present", choices: ["absent", "present"]),
            .optional(
                "marker", .string, "The line before and after; `{mark}` in it becomes `marker_begin`, `marker_end`.",
                default: "# {mark} ANSIBLE MANAGED BLOCK"),
            .optional("marker_begin", .string, "What `{mark}` is before the block.", default: "BEGIN"),
            .optional("marker_end", .string, "What `{mark}` is after the block.", default: "END"),
            .optional("block", .string, "The lines.", default: "", aliases: ["content"]),
            .optional(
                "insertafter", .string, "A new block goes behind the last line that matches; `EOF` is the end."),
            .optional(
                "insertbefore", .string, "A new block goes before the last line that matches; `BOF` is the start."),
            .optional("create", .bool, "Make the file if it is not there.", default: false),
            .optional(
                "append_newline", .bool, "Have an empty line behind the block, unless the file ends there.",
                default: false),
            .optional(
                "prepend_newline", .bool, "Have an empty line before the block, unless the file begins there.",
                default: false),
        ] + FileEdit.arguments,
        registeredDiff: .sections,
        example: """
            - ansible.builtin.blockinfile:
                path: /etc/hosts
                marker: '# {mark} cluster'
                block: |
                  10.0.0.1 db1
                  10.0.0.2 db2
            """,
        aliases: ["ansible.legacy.blockinfile"],
        exclusive: [["insertbefore", "insertafter"]]
    )

    private let edit: FileEdit
    private let isPresent: Bool
    private let opening: [UInt8]
    private let closing: [UInt8]
    /// The lines between the markers, each with its end; empty where there is to be no block.
    private let block: [[UInt8]]
    private let after: String?
    private let before: String?
    private let insertion: Regex?
    /// Whether the pattern looks at the whole file, since it begins with `(?m)`.
    private let spansLines: Bool
    private let appends: Bool
    private let prepends: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        var edit = try FileEdit(arguments)
        edit.isSecret = arguments["block"]?.holdsSecret ?? false
        self.edit = edit
        isPresent = arguments.optionalString("state") != "absent"
        let marker = arguments.optionalString("marker") ?? ""
        func line(_ mark: String) -> [UInt8] {
            Array((marker.replacing("{mark}", with: arguments.optionalString(mark) ?? "") + "\n").utf8)
        }
        opening = line("marker_begin")
        closing = line("marker_end")
        var text = Array((arguments.optionalString("block") ?? "").utf8)
        if !text.isEmpty, text.last != ByteLines.newline { text.append(ByteLines.newline) }
        block = isPresent ? ByteLines.splitUniversal(text) : []
        before = arguments.optionalString("insertbefore")
        after = arguments.optionalString("insertafter") ?? (before == nil ? "EOF" : nil)
        let pattern = after != nil && after != "EOF" ? after : before != nil && before != "BOF" ? before : nil
        do {
            insertion = try pattern.map { text throws(Diagnostic) in try Regex.compiled(text, .bytes) }
        } catch {
            throw error.located(at: arguments.location)
        }
        let flags = pattern.map { $0.hasPrefix("(?") ? $0.dropFirst(2).prefix { $0.isLetter } : "" } ?? ""
        spansLines = flags.contains("m") && pattern?.dropFirst(2 + flags.count).first == ")"
        appends = arguments.bool("append_newline")
        prepends = arguments.bool("prepend_newline")
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<FileEdit.Step> {
        guard let original = try await edit.read(target) else { return edit.undecided }
        if !isPresent, original.isMissing {
            return .asWanted(.ok(["msg": .string("File \(original.place.path) not present")]))
        }
        let content = try edited(original.content ?? [])
        var message = ""
        if original.isMissing {
            message = "File created"
        } else if content != original.content {
            message = block.isEmpty ? "Block removed" : "Block inserted"
        }
        return try await edit.plan(original, content: content, message: message, target)
    }

    func apply(_ step: FileEdit.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await edit.apply(step, to: target)
    }

    private func edited(_ content: [UInt8]) throws(Diagnostic) -> [UInt8] {
        var lines = ByteLines.splitUniversal(content)
        var place: Int
        if let first = lines.lastIndex(of: opening), let last = lines.lastIndex(of: closing) {
            place = min(first, last)
            lines.removeSubrange(place...max(first, last))
        } else {
            place = try newPlace(lines, content)
        }
        let blank = [ByteLines.newline]
        if place > 0, lines[place - 1].last != ByteLines.newline { lines[place - 1] += blank }
        if prepends, isPresent, place > 0, lines[place - 1] != blank {
            lines.insert(blank, at: place)
            place += 1
        }
        let new = block.isEmpty ? [] : [opening] + block + [closing]
        lines.insert(contentsOf: new, at: place)
        let next = place + new.count
        if appends, isPresent, next < lines.count, lines[next] != blank { lines.insert(blank, at: next) }
        return Array(lines.joined())
    }

    /// Before which line a block goes that is not there yet.
    private func newPlace(_ lines: [[UInt8]], _ content: [UInt8]) throws(Diagnostic) -> Int {
        guard let insertion else { return before == nil ? lines.count : 0 }
        var found: Int?
        if spansLines {
            if let match = try insertion.firstMatch(in: content)?.whole {
                let end = after != nil ? match.upperBound : match.lowerBound
                found = content[..<end].count { $0 == ByteLines.newline }
            }
        } else {
            for (index, line) in lines.enumerated() where try insertion.firstMatch(in: line) != nil { found = index }
        }
        guard let found else { return lines.count }
        return min(after == nil ? found : found + 1, lines.count)
    }
}

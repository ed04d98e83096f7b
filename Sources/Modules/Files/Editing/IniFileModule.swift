import Diagnostics
import Results
import Target
import Values

/// Sets options in files of sections and `name = value` lines, as `community.general.ini_file` does.
struct IniFileModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "community.general.ini_file",
        summary: "Set or remove an option or a section of an INI file.",
        arguments: [
            .required("path", .path, "The file.", aliases: ["dest"]),
            .optional("section", .string, "The section; without one, the lines before the first section."),
            .optional(
                "section_has_values",
                .list(
                    .map([
                        .required("option", .string, "An option the section must have."),
                        .optional("value", .string, "The value it must have there."),
                        .optional("values", .list(.string), "The values of which it must have one."),
                    ])), "Which of several sections of that name is meant."),
            .optional("option", .string, "The option."),
            .optional("value", .string, "Its value."),
            .optional("values", .list(.string), "Its values, a line each."),
            .optional("state", .string, "Whether it is there.", default: "present", choices: ["absent", "present"]),
            .optional(
                "exclusive", .bool,
                "Whether other lines of the option go, too; else only the values named are "
                    + "added or removed.", default: true),
            .optional("no_extra_spaces", .bool, "Write `name=value` without blanks.", default: false),
            .optional("ignore_spaces", .bool, "Leave a line that differs only in blanks.", default: false),
            .optional("allow_no_value", .bool, "Allow an option without `=` and value.", default: false),
            .optional(
                "modify_inactive_option", .bool, "Whether a commented line of the option is made the real one.",
                default: true),
            .optional("create", .bool, "Make the file if it is not there.", default: true),
            .optional(
                "follow", .bool, "Change the file behind a link, instead of putting a file in its place.",
                default: false),
            .optional("backup", .bool, "Keep the old file beside the new one.", default: false),
        ] + FileAttributes.arguments,
        registeredDiff: .sections,
        example: """
            - community.general.ini_file:
                path: /etc/app.ini
                section: database
                option: host
                value: db1.example.org
                mode: '0640'
            """,
        exclusive: [["value", "values"]]
    )

    private let edit: FileEdit
    private let isPresent: Bool
    private let wish: IniWish

    init(_ arguments: Arguments) throws(Diagnostic) {
        var edit = try FileEdit(arguments)
        edit.followsLinks = arguments.bool("follow")
        edit.tellsState = true
        edit.isSecret = arguments["value"]?.holdsSecret ?? arguments["values"]?.holdsSecret ?? false
        self.edit = edit
        isPresent = arguments.optionalString("state") != "absent"
        let value = arguments.optionalString("value")
        let allowsNoValue = arguments.bool("allow_no_value")
        let values = value.map { [$0] } ?? arguments.strings("values")
        if isPresent, !allowsNoValue, values.isEmpty {
            throw Diagnostic(
                .missingArgument, "'value' or 'values' is needed with 'state: present'", at: arguments.location,
                remedy: "An option without a value needs 'allow_no_value: true'.")
        }
        var unique: [[UInt8]] = []
        for value in values where !unique.contains(Array(value.utf8)) { unique.append(Array(value.utf8)) }
        var conditions: [IniWish.Condition] = []
        for case .map(let map) in arguments.list("section_has_values") {
            if let value = map["value"], !value.isNull, let values = map["values"], !values.isNull {
                throw Diagnostic(
                    .badValue, "'value' and 'values' cannot be used together in 'section_has_values'",
                    at: value.text?.origin ?? arguments.location)
            }
            let value = map["value"].flatMap { $0.isNull ? nil : [$0] }
            conditions.append(
                .init(
                    option: Array((map["option"]?.pythonText ?? "").utf8),
                    values: (value ?? map["values"]?.elements ?? []).map { Array($0.pythonText.utf8) }))
        }
        let section = arguments.optionalString("section").map(\.trimmed) ?? ""
        wish = IniWish(
            section: Array(section.utf8), option: arguments.optionalString("option").map { Array($0.utf8) },
            values: unique, conditions: conditions, isExclusive: arguments.bool("exclusive"),
            separator: Array((arguments.bool("no_extra_spaces") ? "=" : " = ").utf8),
            ignoresSpaces: arguments.bool("ignore_spaces"), allowsNoValue: allowsNoValue,
            takesInactive: arguments.bool("modify_inactive_option"))
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<FileEdit.Step> {
        guard let original = try await edit.read(target) else { return edit.undecided }
        var bytes = original.content ?? []
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Diagnostic(.failed, "'\(original.place.path)' is not UTF-8 text", host: target.hostName)
        }
        let lines = ByteLines.splitUniversal(bytes).map { Array(ByteLines.bare($0)) }
        var text = IniText(lines: lines, endsLine: bytes.last.map { $0 == ByteLines.newline || $0 == 13 } ?? true)
        let message = isPresent ? text.set(wish) : text.remove(wish)
        let content = text.isChanged ? text.bytes : original.content ?? []
        return try await edit.plan(original, content: content, message: message, target)
    }

    func apply(_ step: FileEdit.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await edit.apply(step, to: target)
    }
}

/// What an `ini_file` task wants.
struct IniWish: Sendable {
    /// Empty for the lines before the first section.
    var section: [UInt8]
    var option: [UInt8]?
    var values: [[UInt8]]
    var conditions: [Condition]
    var isExclusive: Bool
    var separator: [UInt8]
    var ignoresSpaces: Bool
    var allowsNoValue: Bool
    /// Whether commented lines of the option count.
    var takesInactive: Bool

    /// An option that tells the section meant from others of its name.
    struct Condition: Sendable {
        var option: [UInt8]
        var values: [[UInt8]]
    }
}

/// The lines of an INI file, and the edits a task makes in them.
struct IniText {
    private var lines: [[UInt8]]
    private(set) var isChanged: Bool

    /// - Parameters:
    ///   - lines: Without their ends.
    ///   - endsLine: Whether the last one has an end; it gets one otherwise, which is a change.
    init(lines: [[UInt8]], endsLine: Bool) {
        // Even an empty file counts as having one empty line.
        self.lines = lines.isEmpty ? [[]] : lines
        isChanged = !endsLine
    }

    var bytes: [UInt8] { lines.flatMap { $0 + [ByteLines.newline] } }

    /// The lines of the section, its heading first; nil if there is none. The lines before the first section have no
    /// heading, for which `-1` stands.
    private func find(_ wish: IniWish) -> (heading: Int, end: Int)? {
        var heading: Int? = wish.section.isEmpty ? -1 : nil
        for (index, line) in lines.enumerated() {
            if let start = heading, line.first == UInt8(ascii: "[") {
                if holds(wish.conditions, lines[max(start, 0)..<index]) { return (start, index) }
                heading = nil
            }
            if !wish.section.isEmpty, Self.isHeading(line, of: wish.section) { heading = index }
        }
        guard let start = heading, holds(wish.conditions, lines[max(start, 0)...]) else { return nil }
        return (start, lines.count)
    }

    private func holds(_ conditions: [IniWish.Condition], _ lines: ArraySlice<[UInt8]>) -> Bool {
        conditions.allSatisfy { condition in
            lines.contains { line in
                guard let found = Self.match(condition.option, line) else { return false }
                return condition.values.isEmpty || condition.values.contains(found.value)
            }
        }
    }

    /// Has the option's lines in the section.
    ///
    /// - Returns: What was done, in Ansible's words.
    mutating func set(_ wish: IniWish) -> String {
        guard let (heading, end) = find(wish) else {
            isChanged = true
            return append(wish)
        }
        var message = "OK"
        var section = Array(lines[(heading + 1)..<end])
        var isDone = [Bool](repeating: false, count: section.count)
        var values = wish.values
        var hasBare = false

        func update(_ index: Int, _ new: [UInt8]) {
            isDone[index] = true
            var differs = section[index] != new
            if wish.ignoresSpaces, let option = wish.option, let old = Self.match(option, section[index]),
                !old.isInactive
            {
                differs = old.value != Self.match(option, new)?.value
            }
            guard differs else { return }
            section[index] = new
            isChanged = true
            message = "option changed"
        }

        if let option = wish.option {
            // Lines that have one of the values, first.
            for (index, line) in section.enumerated() {
                guard let found = Self.match(option, line, inactive: wish.takesInactive) else { continue }
                if let wanted = values.firstIndex(of: found.value) {
                    let isBare = found.value.isEmpty && wish.allowsNoValue
                    if isBare { hasBare = true }
                    update(index, isBare ? option : option + wish.separator + found.value)
                    values.remove(at: wanted)
                } else if values.isEmpty, wish.allowsNoValue {
                    update(index, option)
                    hasBare = true
                    break
                }
            }
            if wish.isExclusive, !wish.allowsNoValue {
                // Then lines that have another value; those that are left over go.
                for (index, line) in section.enumerated() where !isDone[index] {
                    guard !values.isEmpty, Self.match(option, line, inactive: wish.takesInactive) != nil else {
                        continue
                    }
                    update(index, option + wish.separator + values.removeFirst())
                }
                for index in section.indices.reversed()
                where !isDone[index] && Self.match(option, section[index], inactive: wish.takesInactive) != nil {
                    section.remove(at: index)
                    isChanged = true
                    message = "option changed"
                }
            }
            // What is still missing goes behind the last line that says something.
            let place = (section.lastIndex { !Self.isBlankOrComment($0) } ?? -1) + 1
            var new = values.map { option + wish.separator + $0 }
            if values.isEmpty, wish.allowsNoValue, !hasBare { new = [option] }
            if !new.isEmpty {
                section.insert(contentsOf: new, at: place)
                isChanged = true
                message = "option added"
            }
        }
        lines.replaceSubrange((heading + 1)..<end, with: section)
        return message
    }

    private mutating func append(_ wish: IniWish) -> String {
        lines.append([UInt8(ascii: "[")] + wish.section + [UInt8(ascii: "]")])
        var values = wish.values
        for condition in wish.conditions {
            if condition.option != wish.option {
                lines += condition.values.map { condition.option + wish.separator + $0 }
                if condition.values.isEmpty, wish.allowsNoValue { lines.append(condition.option) }
            } else if !wish.isExclusive {
                values += condition.values.filter { !values.contains($0) }
            }
        }
        guard let option = wish.option, !values.isEmpty || wish.allowsNoValue else { return "only section added" }
        lines += values.isEmpty ? [option] : values.map { option + wish.separator + $0 }
        return "section and option added"
    }

    /// Removes the option's lines from the section, or the section.
    mutating func remove(_ wish: IniWish) -> String {
        guard let (heading, end) = find(wish) else { return "OK" }
        guard let option = wish.option else {
            if heading < 0, end == 0 { return "OK" }
            lines.removeSubrange(max(heading, 0)..<end)
            isChanged = true
            return "section removed"
        }
        let before = lines.count
        let kept = lines[(heading + 1)..<end].filter { line in
            guard let found = Self.match(option, line, inactive: false) else { return true }
            return !wish.isExclusive && !wish.values.contains(found.value)
        }
        lines.replaceSubrange((heading + 1)..<end, with: kept)
        guard lines.count != before else { return "OK" }
        isChanged = true
        return "option changed"
    }

    // MARK: Lines

    /// The value on a line of the option; a line without `=` has the empty one. Nil for any other line.
    private static func match(
        _ option: [UInt8], _ line: [UInt8], inactive: Bool = true
    ) -> (isInactive: Bool, value: [UInt8])? {
        var rest = line.drop(while: isBlank)
        var isInactive = false
        if inactive, let first = rest.first, first == UInt8(ascii: "#") || first == UInt8(ascii: ";"),
            !rest.starts(with: option)
        {
            isInactive = true
            rest = rest.dropFirst().drop(while: isBlank)
        }
        guard rest.starts(with: option) else { return nil }
        rest = rest.dropFirst(option.count).drop(while: isBlank)
        guard let first = rest.first else { return (isInactive, []) }
        guard first == UInt8(ascii: "=") else { return nil }
        return (isInactive, Array(rest.dropFirst().drop(while: isBlank)))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func isBlankOrComment(_ line: [UInt8]) -> Bool {
        guard let first = line.first(where: { !isBlank($0) }) else { return true }
        return first == UInt8(ascii: "#") || first == UInt8(ascii: ";")
    }

    private static func isHeading(_ line: [UInt8], of section: [UInt8]) -> Bool {
        guard line.first == UInt8(ascii: "[") else { return false }
        let rest = line.dropFirst().drop(while: isBlank)
        return rest.starts(with: section)
            && rest.dropFirst(section.count).first { !isBlank($0) } == UInt8(ascii: "]")
    }
}

public import Diagnostics
public import Values

/// Holds a task's arguments against a module's manual.
///
/// It is used twice: while planning, on what the playbook's files say, where a text may still be a template and
/// its value is left alone; and right before the module is made, on evaluated values.
public struct ArgumentCheck {
    private let manual: ModuleManual
    /// Where an argument's name or value was written, for errors.
    private let places: (String) -> SourceLocation?
    /// The task's own place.
    private let location: SourceLocation?
    /// Whether values may still hold templates.
    private let isStatic: Bool
    private var diagnostics: [Diagnostic] = []

    /// Checks and converts.
    ///
    /// - Parameters:
    ///   - manual: The module's.
    ///   - raw: The arguments as written, or as evaluated.
    ///   - places: Where an argument was written; asked with the name as written.
    ///   - location: The task's place, for what has no better one.
    ///   - isStatic: Whether texts may still be templates: those are taken as they are.
    /// - Returns: The arguments under the manual's own names with defaults filled in, or nil if there is an error,
    ///   and everything that was found: all errors, and warnings.
    public static func check(
        _ manual: ModuleManual, _ raw: ValueMap, places: (String) -> SourceLocation? = { _ in nil },
        location: SourceLocation? = nil, isStatic: Bool = false
    ) -> (values: ValueMap?, diagnostics: [Diagnostic]) {
        withoutActuallyEscaping(places) { places in
            var check = ArgumentCheck(manual: manual, places: places, location: location, isStatic: isStatic)
            let values = check.run(raw)
            let failed = check.diagnostics.contains { $0.severity == .error }
            return (failed ? nil : values, check.diagnostics)
        }
    }

    private init(
        manual: ModuleManual, places: @escaping (String) -> SourceLocation?, location: SourceLocation?, isStatic: Bool
    ) {
        self.manual = manual
        self.places = places
        self.location = location
        self.isStatic = isStatic
    }

    private mutating func run(_ raw: ValueMap) -> ValueMap {
        var values = checked(raw, against: manual.arguments, within: nil, takesAny: manual.takesAnyArgument)
        let given = Set(values.filter { !$0.value.isNull }.map(\.key.text))
        for group in manual.exclusive {
            // Before a run, a template may turn out to be `omit`.
            let both = group.filter { name in
                given.contains(name) && !(isStatic && values[.string(name)]?.text?.isTemplate == true)
            }
            if both.count > 1 {
                report(
                    .badValue, "\(Self.quoted(both)) cannot be used together in \(manual.name)", at: places(both[1]),
                    remedy: "Give one of them.")
            }
        }
        for group in manual.oneOf where !group.contains(where: given.contains) {
            report(
                .missingArgument, "\(manual.name) needs one of \(Self.quoted(group))", at: location,
                remedy: "`swiftprov doc \(manual.shortName)` shows an example.")
        }
        fillDefaults(&values, from: manual.arguments)
        return values
    }

    /// Checks a map of arguments: the task's own, or one inside an argument, which `path` names then.
    private mutating func checked(
        _ raw: ValueMap, against arguments: [Argument], within path: String?, takesAny: Bool
    ) -> ValueMap {
        var values = ValueMap()
        for (key, value) in raw {
            let name = key.text
            guard let argument = arguments.first(where: { $0.name == name || $0.aliases.contains(name) }) else {
                if takesAny { values[key] = value } else { reportUnknown(name, among: arguments, within: path) }
                continue
            }
            let place = place(name, value, within: path)
            if let refusal = argument.refusal {
                // A value that asks for nothing is as good as none.
                if value.isNull || value == .bool(false) || value == .string("") { continue }
                if value.elements?.isEmpty ?? value.mapValue?.isEmpty ?? false { continue }
                report(
                    .unsupported, "argument '\(name)' of \(manual.name) is not supported", at: place, remedy: refusal)
                continue
            }
            if values[argument.name] != nil {
                report(
                    .badValue, "'\(name)' and '\(argument.name)' are the same argument of \(manual.name)", at: place,
                    remedy: "Keep one of them.")
                continue
            }
            values[argument.name] = converted(value, argument, label: path.map { "\($0).\(name)" } ?? name, at: place)
        }
        for argument in arguments where argument.isRequired && (values[argument.name] ?? .null).isNull {
            // One that is there but wrong was reported already.
            if raw[argument.name] != nil, values[argument.name] == nil { continue }
            let label = path.map { "\($0).\(argument.name)" } ?? argument.name
            report(
                .missingArgument, "missing required argument '\(label)' of \(manual.name)",
                at: path.flatMap { places(Self.root(of: $0)) } ?? location,
                remedy: "\(argument.name): \(argument.text)")
        }
        return values
    }

    /// The value in the argument's kind, or nil if it was reported.
    private mutating func converted(
        _ value: Value, _ argument: Argument, label: String, at place: SourceLocation?
    ) -> Value? {
        if value.isNull || value.firstUnknown != nil || value.isUndefined { return value }
        if isStatic, value.holdsTemplate {
            // A list or map is checked as far as its constant parts go; a text waits for its value.
            guard case .map(let options) = argument.kind, case .map(let map) = value, !options.isEmpty else {
                return value
            }
            return .map(checked(map, against: options, within: label, takesAny: false))
        }
        let result: Value
        do {
            result = try convert(value, argument.kind, label: label)
        } catch {
            var said = error
            said.location = place
            diagnostics.append(said)
            return nil
        }
        if !argument.choices.isEmpty {
            let chosen = argument.kind.isList ? (result.elements ?? []) : [result]
            for item in chosen where !argument.choices.contains(Self.choiceText(item)) {
                report(
                    .badValue, "'\(item.pythonText)' is not a value of '\(label)' of \(manual.name)", at: place,
                    remedy: (NearestNames.hint(item.pythonText, among: argument.choices).map { $0 + " " } ?? "")
                        + "Choices: \(argument.choices.joined(separator: ", ")).")
                return nil
            }
        }
        guard argument.isSecret else { return result }
        return result.mapText { Text($0.string, marks: $0.marks.union(.secret), origin: $0.origin) }
    }

    /// Converts, and looks into lists and maps whose parts the manual names.
    private mutating func convert(_ value: Value, _ kind: Argument.Kind, label: String) throws(Diagnostic) -> Value {
        switch kind {
        case .list(let element):
            let items = try ArgumentConversion.list(value, label: label, module: manual.name)
            var results: [Value] = []
            for (index, item) in items.enumerated() {
                results.append(try convert(item, element, label: items.count == 1 ? label : "\(label)[\(index)]"))
            }
            return .list(results)
        case .map(let options):
            let map = try ArgumentConversion.map(value, label: label, module: manual.name)
            guard !options.isEmpty else { return .map(map) }
            var result = checked(map, against: options, within: label, takesAny: false)
            fillDefaults(&result, from: options)
            return .map(result)
        default:
            return try ArgumentConversion.scalar(value, kind, label: label, module: manual.name)
        }
    }

    private func fillDefaults(_ values: inout ValueMap, from arguments: [Argument]) {
        for argument in arguments {
            guard let preset = argument.defaultValue, (values[argument.name] ?? .null).isNull else { continue }
            values[argument.name] = preset
        }
    }

    // MARK: Reporting

    private mutating func report(
        _ code: Diagnostic.Code, _ summary: String, at place: SourceLocation?, remedy: String?
    ) {
        diagnostics.append(Diagnostic(code, summary, at: place ?? location, remedy: remedy))
    }

    private mutating func reportUnknown(_ name: String, among arguments: [Argument], within path: String?) {
        let known = arguments.flatMap { [$0.name] + $0.aliases }
        let owner = path.map { "'\($0)' of \(manual.name)" } ?? manual.name
        let hint = NearestNames.hint(name, among: known).map { $0 + " " } ?? ""
        report(
            .unknownArgument, "unknown argument '\(name)' for \(owner)",
            at: path.flatMap { places("\($0).\(name)") ?? places(Self.root(of: $0)) } ?? places(name),
            remedy: hint + "`swiftprov doc \(manual.shortName)` lists the arguments.")
    }

    private func place(_ name: String, _ value: Value, within path: String?) -> SourceLocation? {
        if let path {
            return value.text?.origin ?? places("\(path).\(name)") ?? places(Self.root(of: path)) ?? location
        }
        return places(name) ?? value.text?.origin ?? location
    }

    /// The task's argument that a nested label belongs to: `networks` for `networks[1].name`.
    private static func root(of label: String) -> String {
        String(label.prefix { $0 != "." && $0 != "[" })
    }

    /// A boolean given where words are chosen from reads as YAML would have written it: `state: no`.
    private static func choiceText(_ value: Value) -> String {
        if case .bool(let bool) = value { return bool ? "true" : "false" }
        return value.pythonText
    }

    private static func quoted(_ names: [String]) -> String {
        names.map { "'\($0)'" }.joined(separator: names.count == 2 ? " and " : ", ")
    }
}

extension Argument.Kind {
    var isList: Bool { if case .list = self { true } else { false } }

    /// What people call it.
    var title: String {
        switch self {
        case .string: "text"
        case .int: "a whole number"
        case .float: "a number"
        case .bool: "yes or no"
        case .path: "a path"
        case .bits: "a number of bits such as 10Mb"
        case .bytes: "a number of bytes such as 512M"
        case .raw: "any value"
        case .json: "JSON text, a list or a map"
        case .mode: "permission bits such as '0644' or u=rw,g=r"
        case .list(let element): "a list of \(element.title)"
        case .map: "a map"
        }
    }
}

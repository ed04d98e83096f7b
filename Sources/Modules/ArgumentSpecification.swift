import Results
import Values

/// What a role says of the variables it takes: `meta/argument_specs.yml`, or the argument of
/// `validate_argument_spec`.
///
/// The messages are in the words that people search for, since roles test for them.
struct ArgumentSpecification {
    private var errors: [String] = []
    /// Names that no specification has, and those it has.
    private var unknown: [(name: String, known: [String])] = []
    /// Whether what is looked at lies within an option that is not to be logged.
    private var isWithinSecret = false

    /// - Returns: What is wrong with the values; none if they are as specified.
    static func errors(in given: ValueMap, against options: ValueMap) -> [String] {
        var check = ArgumentSpecification()
        var values = given
        check.look(into: &values, options, within: [])
        if let last = check.unknown.last {
            let names = check.unknown.map(\.name).sorted().joined(separator: ", ")
            check.errors.append("\(names). Supported parameters include: \(last.known.joined(separator: ", ")).")
        }
        return check.errors
    }

    // MARK: A level of options

    private mutating func look(into values: inout ValueMap, _ options: ValueMap, within path: [String]) {
        resolveAliases(&values, options)
        findUnknown(values, options, path)
        for (name, option) in options {
            guard let preset = option.mapValue?["default"], values[name] == nil, !preset.isNull else { continue }
            values[name] = preset
        }
        let missing = options.filter { ($0.value.mapValue?["required"]?.isTruthy ?? false) && values[$0.key] == nil }
            .map(\.key.text).sorted()
        if !missing.isEmpty { tell("missing required arguments: \(missing.joined(separator: ", "))", path) }
        for (name, option) in options {
            guard let given = values[name], !given.isNull else { continue }
            values[name] = converted(given, name.text, option.mapValue ?? [:], path)
        }
        for (name, option) in options {
            guard let given = values[name], !given.isNull else { continue }
            checkChoices(given, name.text, option.mapValue ?? [:], path)
        }
        for (name, option) in options { descend(values[name], name.text, option.mapValue ?? [:], path) }
    }

    private func resolveAliases(_ values: inout ValueMap, _ options: ValueMap) {
        for (name, option) in options {
            for alias in option.mapValue?["aliases"]?.elements ?? [] {
                guard let given = values.removeValue(forKey: .string(alias.pythonText)) else { continue }
                values[name] = given
            }
        }
    }

    private mutating func findUnknown(_ values: ValueMap, _ options: ValueMap, _ path: [String]) {
        let known = options.map { name, option -> String in
            let aliases = (option.mapValue?["aliases"]?.elements ?? []).map(\.pythonText)
            return aliases.isEmpty ? name.text : "\(name.text) (\(aliases.joined(separator: ", ")))"
        }.sorted()
        for name in values.keys where options[name] == nil {
            unknown.append(((path + [name.text]).joined(separator: "."), known))
        }
    }

    /// The maps within an option that has options of its own.
    private mutating func descend(_ given: Value?, _ name: String, _ option: ValueMap, _ path: [String]) {
        guard let options = option["options"]?.mapValue else { return }
        var given = given ?? .null
        if given.isNull {
            guard option["apply_defaults"]?.isTruthy ?? false else { return }
            given = .map([:])
        }
        let wasWithinSecret = isWithinSecret
        isWithinSecret = isWithinSecret || Self.isSecret(option)
        defer { isWithinSecret = wasWithinSecret }
        for item in given.elements ?? [given] {
            let inner = path + [name]
            guard var map = item.mapValue else {
                tell("value of '\(name)' must be of type dict or list of dicts", path)
                continue
            }
            checkExclusive(map, option, inner)
            look(into: &map, options, within: inner)
            checkTogether(map, option, inner)
        }
    }

    // MARK: Types and choices

    private mutating func converted(_ given: Value, _ name: String, _ option: ValueMap, _ path: [String]) -> Value {
        let type = option["type"]?.pythonText ?? "str"
        guard let value = convert(given, to: type, option, of: "argument '\(name)'", path) else { return given }
        guard type == "list", let element = option["elements"]?.pythonText, let items = value.elements else {
            return value
        }
        return .list(
            items.map { convert($0, to: element, option, of: "Elements value for option '\(name)'", path) ?? $0 })
    }

    private mutating func convert(
        _ value: Value, to type: String, _ option: ValueMap, of label: String, _ path: [String]
    ) -> Value? {
        let kinds: [String: Argument.Kind] = [
            "str": .string, "int": .int, "float": .float, "bool": .bool, "path": .path, "raw": .raw, "json": .json,
            "jsonarg": .json, "bytes": .bytes, "bits": .bits, "list": .list(.raw), "dict": .map([]),
        ]
        var reason = "there is no type '\(type)'"
        if let kind = kinds[type] {
            do {
                switch kind {
                case .list: return .list(try ArgumentConversion.list(value, label: label, module: ""))
                case .map: return .map(try ArgumentConversion.map(value, label: label, module: ""))
                default: return try ArgumentConversion.scalar(value, kind, label: label, module: "")
                }
            } catch {
                let shown = hides(value, option) ? Redactor.mask : value.pythonRepresentation
                reason = "\"\(shown)\" cannot be converted to \("aeio".contains(type.prefix(1)) ? "an" : "a") \(type)"
            }
        }
        let place = path.isEmpty ? "" : " found in '\(path.joined(separator: " -> "))'."
        errors.append(
            "\(label) is of type \(value.typeName)\(place) and we were unable to convert to \(type): \(reason)")
        return nil
    }

    private mutating func checkChoices(_ given: Value, _ name: String, _ option: ValueMap, _ path: [String]) {
        guard let choices = option["choices"]?.elements, !choices.isEmpty else { return }
        let known = Set(choices.map(\.pythonRepresentation))
        let list = choices.map(\.pythonText).joined(separator: ", ")
        if let items = given.elements {
            let wrong = items.filter { !known.contains($0.pythonRepresentation) }.map { shown($0, option) }
            if wrong.isEmpty { return }
            tell(
                "value of \(name) must be one or more of: \(list). Got no match for: \(wrong.joined(separator: ", "))",
                path)
        } else if !known.contains(given.pythonRepresentation) {
            tell("value of \(name) must be one of: \(list), got: \(shown(given, option))", path)
        }
    }

    private func shown(_ value: Value, _ option: ValueMap) -> String {
        hides(value, option) ? Redactor.mask : value.pythonText
    }

    /// Whether a value is not to be told: it is a secret, or its option says `no_log`.
    private func hides(_ value: Value, _ option: ValueMap) -> Bool {
        isWithinSecret || Self.isSecret(option) || value.holdsSecret
    }

    private static func isSecret(_ option: ValueMap) -> Bool { option["no_log"]?.isTruthy ?? false }

    // MARK: Options that go together

    private func has(_ values: ValueMap, _ name: String) -> Bool { !(values[.string(name)] ?? .null).isNull }

    private func groups(_ value: Value?) -> [[String]] {
        (value?.elements ?? []).map { ($0.elements ?? [$0]).map(\.pythonText) }
    }

    private mutating func checkExclusive(_ values: ValueMap, _ option: ValueMap, _ path: [String]) {
        for group in groups(option["mutually_exclusive"]) where group.count(where: { has(values, $0) }) > 1 {
            tell("parameters are mutually exclusive: \(group.joined(separator: "|"))", path)
        }
    }

    private mutating func checkTogether(_ values: ValueMap, _ option: ValueMap, _ path: [String]) {
        for group in groups(option["required_together"]) {
            let count = group.count { has(values, $0) }
            if count > 0, count < group.count {
                tell("parameters are required together: \(group.joined(separator: ", "))", path)
            }
        }
        for group in groups(option["required_one_of"]) where !group.contains(where: { has(values, $0) }) {
            tell("one of the following is required: \(group.joined(separator: ", "))", path)
        }
        for rule in (option["required_if"]?.elements ?? []).compactMap(\.elements) where rule.count >= 3 {
            let key = rule[0].pythonText
            guard values[.string(key)]?.pythonRepresentation == rule[1].pythonRepresentation else { continue }
            let names = (rule[2].elements ?? [rule[2]]).map(\.pythonText)
            let missing = names.filter { !has(values, $0) }
            let isAny = rule.count > 3 && rule[3].isTruthy
            guard isAny ? missing.count == names.count : !missing.isEmpty else { continue }
            let own = option["options"]?.mapValue?[.string(key)]?.mapValue ?? [:]
            tell(
                "\(key) is \(shown(rule[1], own)) but \(isAny ? "any" : "all") of the following are missing: "
                    + missing.joined(separator: ", "), path)
        }
        for (key, needed) in option["required_by"]?.mapValue ?? [:] where has(values, key.text) {
            let missing = (needed.elements ?? [needed]).map(\.pythonText).filter { !has(values, $0) }
            if missing.isEmpty { continue }
            tell("missing parameter(s) required by '\(key.text)': \(missing.joined(separator: ", "))", path)
        }
    }

    private mutating func tell(_ text: String, _ path: [String]) {
        errors.append(path.isEmpty ? text : "\(text) found in \(path.joined(separator: " -> "))")
    }
}

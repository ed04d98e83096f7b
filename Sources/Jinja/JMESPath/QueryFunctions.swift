internal import Diagnostics
internal import Values

/// The functions of JMESPath.
extension QueryEvaluation {
    /// What a parameter takes.
    enum Kind: String {
        case any, number, string, array, object, expression
        case numbers = "array of numbers"
        case strings = "array of strings"
        case textOrArray = "string or array"
        case sized = "string, array or object"
        case sortable = "array of numbers or of strings"
    }

    private struct Signature {
        var parameters: [Kind]
        var isVariadic = false
    }

    private static let signatures: [String: Signature] = [
        "abs": .init(parameters: [.number]), "avg": .init(parameters: [.numbers]),
        "ceil": .init(parameters: [.number]), "contains": .init(parameters: [.textOrArray, .any]),
        "ends_with": .init(parameters: [.string, .string]), "floor": .init(parameters: [.number]),
        "join": .init(parameters: [.string, .strings]), "keys": .init(parameters: [.object]),
        "length": .init(parameters: [.sized]), "map": .init(parameters: [.expression, .array]),
        "max": .init(parameters: [.sortable]), "max_by": .init(parameters: [.array, .expression]),
        "merge": .init(parameters: [.object], isVariadic: true), "min": .init(parameters: [.sortable]),
        "min_by": .init(parameters: [.array, .expression]), "not_null": .init(parameters: [.any], isVariadic: true),
        "reverse": .init(parameters: [.textOrArray]), "sort": .init(parameters: [.sortable]),
        "sort_by": .init(parameters: [.array, .expression]), "starts_with": .init(parameters: [.string, .string]),
        "sum": .init(parameters: [.numbers]), "to_array": .init(parameters: [.any]),
        "to_number": .init(parameters: [.any]), "to_string": .init(parameters: [.any]),
        "type": .init(parameters: [.any]), "values": .init(parameters: [.object]),
    ]

    func call(_ name: String, _ expressions: [QueryExpression], of value: Value) throws(Diagnostic) -> Value {
        guard let signature = Self.signatures[name] else {
            throw failure(
                "unknown function '\(name)'",
                remedy: NearestHint.of(name, among: Self.signatures.keys)
                    ?? "Functions are \(Self.signatures.keys.sorted().joined(separator: ", ")).")
        }
        let wanted = signature.parameters.count
        guard expressions.count == wanted || signature.isVariadic && expressions.count >= wanted else {
            throw failure(
                "\(name)() takes \(wanted)\(signature.isVariadic ? " or more" : "") arguments, not \(expressions.count)"
            )
        }
        var arguments: [Value] = []
        var reference = QueryExpression.current
        for (place, expression) in expressions.enumerated() {
            let kind = signature.parameters[min(place, wanted - 1)]
            switch (kind, expression) {
            case (.expression, .reference(let inner)):
                reference = inner
                arguments.append(.null)
            case (.expression, _): throw failure("argument \(place + 1) of \(name)() must be an expression: &…")
            case (_, .reference): throw failure("argument \(place + 1) of \(name)() must not be an expression")
            default:
                let argument = try self.value(expression, of: value).asList
                if case .undefined(let undefined) = argument { throw undefined.diagnostic }
                guard Self.isOf(kind, argument) else {
                    throw failure(
                        "argument \(place + 1) of \(name)() must be \(kind.rawValue), not \(ErrorText.describe(argument))"
                    )
                }
                arguments.append(argument)
            }
        }
        return try result(name, arguments, reference)
    }

    private static func isOf(_ kind: Kind, _ value: Value) -> Bool {
        let items = value.elements
        return switch kind {
        case .any, .expression: true
        case .number: isNumber(value)
        case .string: value.text != nil
        case .array: items != nil
        case .object: value.mapValue != nil
        case .numbers: items?.allSatisfy(isNumber) ?? false
        case .strings: items?.allSatisfy { $0.text != nil } ?? false
        case .textOrArray: value.text != nil || items != nil
        case .sized: value.text != nil || items != nil || value.mapValue != nil
        case .sortable: isSortable(items)
        }
    }

    private static func isNumber(_ value: Value) -> Bool {
        switch value {
        case .int, .large, .double: true
        default: false
        }
    }

    /// All numbers, or all texts.
    private static func isSortable(_ items: [Value]?) -> Bool {
        items?.allSatisfy(isNumber) ?? false || items?.allSatisfy { $0.text != nil } ?? false
    }

    private func result(
        _ name: String, _ arguments: [Value], _ reference: QueryExpression
    ) throws(Diagnostic) -> Value {
        let first = arguments.first ?? .null
        let items = first.elements ?? []
        switch name {
        case "abs": return try absolute(first)
        case "ceil": return rounded(first, .up)
        case "floor": return rounded(first, .down)
        case "sum": return try sum(items)
        case "avg":
            guard !items.isEmpty, let total = try sum(items).number else { return .null }
            return .double(try Arithmetic.float(total) / Double(items.count))
        case "max", "min": return try extreme(items, items, isHighest: name == "max")
        case "max_by", "min_by":
            return try extreme(items, try keys(items, reference, name), isHighest: name == "max_by")
        case "sort": return .list(try PythonOrder.sorted(items) { item throws(Diagnostic) in item })
        case "sort_by": return try sorted(items, try keys(items, reference, name))
        case "map":
            var result: [Value] = []
            for item in arguments[1].elements ?? [] { result.append(try value(reference, of: item)) }
            return .list(result)
        case "keys": return .list(first.mapValue?.keys.map(\.value) ?? [])
        case "values": return .list(first.mapValue?.values ?? [])
        case "merge": return .map(arguments.compactMap(\.mapValue).reduce(ValueMap()) { $0.merging($1) })
        case "not_null": return arguments.first { !$0.isNull } ?? .null
        case "to_array": return first.elements == nil ? .list([first]) : first
        default: return try textResult(name, first, arguments)
        }
    }

    private func textResult(_ name: String, _ first: Value, _ arguments: [Value]) throws(Diagnostic) -> Value {
        let text = first.stringValue ?? ""
        let second = arguments.count > 1 ? arguments[1] : .null
        switch name {
        case "contains":
            guard first.elements == nil else { return .bool(first.elements?.contains(second) ?? false) }
            guard let part = second.stringValue else {
                throw failure("contains() looks for text in text, not for \(ErrorText.describe(second))")
            }
            return .bool(PythonString.contains(text, part))
        case "starts_with": return .bool(text.utf8.starts(with: (second.stringValue ?? "").utf8))
        case "ends_with": return .bool(text.utf8.reversed().starts(with: (second.stringValue ?? "").utf8.reversed()))
        case "join":
            let joined = (second.elements ?? []).compactMap(\.stringValue).joined(separator: text)
            return marked(joined, from: arguments)
        case "length":
            return .int(first.elements?.count ?? first.mapValue?.count ?? PythonString.length(text))
        case "reverse":
            if let items = first.elements { return .list(items.reversed()) }
            return marked(PythonString.string(text.unicodeScalars.reversed()), from: arguments)
        case "to_string":
            if first.text != nil { return first }
            var writer = JSONWriter()
            writer.itemSeparator = ","
            writer.keySeparator = ":"
            return marked(writer.text(first), from: arguments)
        case "to_number":
            switch first {
            case .int, .large, .double: return first
            case .string:
                if case .number(let whole) = PythonNumber.whole(text) { return whole.value }
                return PythonNumber.double(text).map { .double($0) } ?? .null
            default: return .null
            }
        case "type": return .string(Self.typeName(first))
        default: throw failure("unknown function '\(name)'")
        }
    }

    /// Text made of the arguments is as secret as they are.
    private func marked(_ text: String, from arguments: [Value]) -> Value {
        .string(Text(text, marks: arguments.contains(where: \.holdsSecret) ? .secret : []))
    }

    private static func typeName(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .int, .large, .double: "number"
        case .list, .tuple: "array"
        case .map: "object"
        default: "string"
        }
    }

    // MARK: Numbers and order

    private func absolute(_ value: Value) throws(Diagnostic) -> Value {
        if case .double(let double) = value { return .double(abs(double)) }
        return try value.wholeNumber?.magnitude().value ?? value
    }

    private func rounded(_ value: Value, _ rule: FloatingPointRoundingRule) -> Value {
        guard case .double(let double) = value else { return value }
        return WholeNumber(truncating: double.rounded(rule))?.value ?? value
    }

    private func sum(_ items: [Value]) throws(Diagnostic) -> Value {
        var whole = WholeNumber.small(0)
        // The sum once the first float has come.
        var broken: Double?
        for item in items {
            guard let number = item.number else { continue }
            if let sum = broken {
                broken = sum + (try Arithmetic.float(number))
            } else if let next = number.whole {
                whole = try whole.adding(next)
            } else {
                broken = try Arithmetic.float(whole.number) + number.asDouble
            }
        }
        return broken.map { .double($0) } ?? whole.value
    }

    /// What the reference gives for each element: all numbers or all texts.
    private func keys(
        _ items: [Value], _ reference: QueryExpression, _ name: String
    ) throws(Diagnostic) -> [Value] {
        var keys: [Value] = []
        for item in items { keys.append(try value(reference, of: item)) }
        guard Self.isSortable(keys) else {
            let wrong = keys.first { !Self.isNumber($0) && $0.text == nil } ?? keys.last ?? .null
            throw failure("\(name)() sorts by numbers or by texts, but one element gives \(ErrorText.describe(wrong))")
        }
        return keys
    }

    private func sorted(_ items: [Value], _ keys: [Value]) throws(Diagnostic) -> Value {
        let places = try PythonOrder.sorted(items.indices.map { .int($0) }) { place throws(Diagnostic) in
            keys[place.intValue ?? 0]
        }
        return .list(places.map { items[$0.intValue ?? 0] })
    }

    private func extreme(_ items: [Value], _ keys: [Value], isHighest: Bool) throws(Diagnostic) -> Value {
        guard var best = items.indices.first else { return .null }
        for place in items.indices.dropFirst() {
            let order = try PythonOrder.compare(keys[place], keys[best])
            if isHighest ? order > 0 : order < 0 { best = place }
        }
        return items[best]
    }
}

internal import Diagnostics
internal import Values

/// The functions every template knows. Lookups come with the environment's functions.
enum Globals {
    static let names = ["range", "dict", "cycler", "joiner", "namespace", "now", "undef", "omit", "lipsum"]
    /// Those that give something else each time.
    static let volatile: Set = ["now", "lipsum"]

    static func value(_ name: String) -> Value? {
        switch name {
        case "range", "dict", "cycler", "joiner", "namespace", "now", "undef", "lipsum": .object(GlobalFunction(name))
        case "omit": Omitted.value
        default: nil
        }
    }
}

/// One of the functions of `Globals`.
final class GlobalFunction: ValueObject {
    private let name: String

    init(_ name: String) { self.name = name }

    var typeName: String { "function" }

    func call(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> Value {
        switch name {
        case "range": return .object(try RangeObject(positional))
        case "dict":
            var map = ValueMap()
            if let first = positional.first { map = try Self.map(from: first) }
            return .map(map.merging(named))
        case "namespace":
            var map = ValueMap()
            if let first = positional.first { map = try Self.map(from: first) }
            return .object(NamespaceObject(map.merging(named)))
        case "cycler":
            guard !positional.isEmpty else { throw Diagnostic(.template, "cycler() needs values to cycle through") }
            return .object(CyclerObject(positional))
        case "joiner":
            return .object(JoinerObject(positional.first ?? named["sep"] ?? .string(", ")))
        case "now":
            let isUTC = (positional.first ?? named["utc"] ?? false).isTruthy
            let moment = DateTimeObject.now(isUTC: isUTC)
            if let format = positional.dropFirst().first ?? named["fmt"], case .string(let text) = format {
                return .string(moment.formatted(text.string))
            }
            return .object(moment)
        case "undef":
            let hint = positional.first ?? named["hint"]
            return .undefined(Undefined(hint?.stringValue ?? "a mandatory variable has not been overridden"))
        case "lipsum": return .string(try FillerText.text(positional, named))
        default: throw Diagnostic(.internal, "no function '\(name)'")
        }
    }

    static func map(from value: Value) throws(Diagnostic) -> ValueMap {
        if case .map(let map) = value { return map }
        var map = ValueMap()
        for pair in value.elements ?? [] {
            guard let parts = pair.elements ?? GroupObject.pair(pair), parts.count == 2, let key = parts[0].asKey else {
                throw Diagnostic(.template, "a dictionary is made of pairs, not of \(ErrorText.describe(pair))")
            }
            map[key] = parts[1]
        }
        if value.elements == nil {
            throw Diagnostic(.template, "dict() needs a dictionary or pairs, not \(ErrorText.describe(value))")
        }
        return map
    }
}

/// `range(…)`: counted when walked, so that `range(10**9) | random` costs nothing.
final class RangeObject: IterableObject {
    let start: WholeNumber
    let step: WholeNumber
    let count: WholeNumber

    init(_ arguments: [Value]) throws(Diagnostic) {
        var numbers: [WholeNumber] = []
        for argument in arguments {
            guard let whole = argument.wholeNumber else {
                throw Diagnostic(
                    .template, "range() needs whole numbers, not \(ErrorText.describe(argument))",
                    remedy: argument.text != nil ? "Turn it into a number with '| int'." : nil)
            }
            numbers.append(whole)
        }
        guard (1...3).contains(numbers.count) else { throw Diagnostic(.template, "range() takes one to three numbers") }
        start = numbers.count == 1 ? .small(0) : numbers[0]
        let stop = numbers.count == 1 ? numbers[0] : numbers[1]
        step = numbers.count == 3 ? numbers[2] : .small(1)
        guard step.signum != 0 else { throw Diagnostic(.template, "range() needs a step other than zero") }
        let distance = try step.signum > 0 ? stop.subtracting(start) : start.subtracting(stop)
        count =
            try distance.signum <= 0
            ? .small(0)
            : distance.subtracting(.small(1)).dividedFlooring(by: step.magnitude()).quotient.adding(.small(1))
    }

    var typeName: String { "range" }

    /// The element at an index, counted from the end if it is negative; nil if there is none.
    func element(_ index: WholeNumber) throws(Diagnostic) -> Value? {
        let place = index.signum < 0 ? try index.adding(count) : index
        guard place.signum >= 0, place.order(with: count) < 0 else { return nil }
        return try start.adding(try place.multiplied(by: step)).value
    }

    /// Whether a value is one of its elements, told without making them.
    func contains(_ value: Value) throws(Diagnostic) -> Bool {
        guard let number = value.number else { return false }
        var whole = number.whole
        if case .double(let double) = number, double == double.rounded() { whole = WholeNumber(truncating: double) }
        guard let whole else { return false }
        let (place, rest) = try whole.subtracting(start).dividedFlooring(by: step)
        return rest.signum == 0 && place.signum >= 0 && place.order(with: count) < 0
    }

    func elements(_ session: Session) throws(Diagnostic) -> [Value] {
        guard case .small(let count) = count, count <= session.environment.limits.elements else {
            throw Diagnostic(
                .template,
                "the range has \(count.text) elements; at most \(session.environment.limits.elements) are made")
        }
        try session.countTurn(count)
        // All lie between the first and the last.
        if case .small(let start) = start, case .small(let step) = step,
            !step.multipliedReportingOverflow(by: max(count, 1) - 1).overflow
        {
            let (_, isOver) = start.addingReportingOverflow(step * (max(count, 1) - 1))
            if !isOver { return (0..<count).map { .int(start + $0 * step) } }
        }
        var result: [Value] = []
        result.reserveCapacity(count)
        for index in 0..<count { result.append(try element(.small(index)) ?? .null) }
        return result
    }
}

/// `namespace(…)`: names that assignments in inner scopes can change.
final class NamespaceObject: TemplateObject, @unchecked Sendable {
    // Unchecked: it lives within one evaluation, on one thread.
    private var values: ValueMap

    init(_ values: ValueMap) { self.values = values }

    var typeName: String { "namespace" }
    var text: String { "<Namespace \(PythonPrint.representation(.map(values)))>" }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? { values[key] }
    func set(_ name: String, _ value: Value) { values[name] = value }
    /// Takes a member out to be changed without a copy; `set` puts it back.
    func take(_ name: String) -> Value {
        guard let value = values[name] else { return .null }
        values[name] = .null
        return value
    }
}

/// `cycler(a, b)`: `next()` gives one after the other.
final class CyclerObject: TemplateObject, @unchecked Sendable {
    // Unchecked: it lives within one evaluation, on one thread.
    private let items: [Value]
    private var index = 0

    init(_ items: [Value]) { self.items = items }

    var typeName: String { "cycler" }
    var methods: [String] { ["next", "reset"] }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? { key.text == "current" ? items[index] : nil }

    func callMethod(_ call: MethodCall) throws(Diagnostic) -> Value? {
        switch call.name {
        case "next":
            defer { index = (index + 1) % items.count }
            return items[index]
        case "reset":
            index = 0
            return .null
        default: return nil
        }
    }
}

/// `joiner(", ")`: nothing the first time it is called, the separator ever after.
final class JoinerObject: TemplateObject, @unchecked Sendable {
    // Unchecked: it lives within one evaluation, on one thread.
    private let separator: Value
    private var isUsed = false

    init(_ separator: Value) { self.separator = separator }

    var typeName: String { "joiner" }

    func call(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> Value {
        defer { isUsed = true }
        return isUsed ? separator : .string("")
    }
}

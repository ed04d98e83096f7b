internal import Diagnostics
internal import Values

/// Chance. With a seed the same every time.
///
/// Python's own generator is followed for seeds, so that a seeded schedule (`60 | random(seed=inventory_hostname)`)
/// stays where it was.
enum RandomFilters {
    static let all: [Filter] = [
        Filter("random", ["start", "step", "seed"], .lenient, random),
        Filter("shuffle", ["seed"], .structural, shuffle),
    ]

    private static func random(_ call: Call) throws(Diagnostic) -> Value {
        let seed = try seed(call, 2)
        if seed == nil { call.noteVolatile() }
        if case .object(let range as RangeObject) = call.input {
            guard range.count.signum > 0 else { throw call.failure("'random' was given an empty range") }
            return try range.element(try pick(range.count, seed)) ?? .null
        }
        let input = try call.evaluator.settled(call.input)
        switch input {
        case .undefined, .unknown: return input
        case .int, .large:
            let start = try whole(call, 0, default: 0)
            let step = try whole(call, 1, default: 1)
            guard step.wholeNumber?.signum != 0 else { throw call.failure("'random' needs a step other than zero") }
            let range = try RangeObject([start, input, step])
            guard range.count.signum > 0 else {
                throw call.failure(
                    "'random' has no numbers between \(PythonPrint.text(start)) and \(PythonPrint.text(input))")
            }
            return try range.element(try pick(range.count, seed)) ?? .null
        default:
            if call[0]?.isTruthy ?? false || call[1]?.isTruthy ?? false {
                throw call.failure("'random' takes start and step with numbers only")
            }
            let items = try call.evaluator.elements(input)
            guard !items.isEmpty else { throw call.failure("'random' was given an empty list") }
            return items[pick(items.count, seed)]
        }
    }

    private static func whole(_ call: Call, _ index: Int, default standard: Value) throws(Diagnostic) -> Value {
        guard let value = call[index], !value.isNull else { return standard }
        guard value.wholeNumber != nil else { throw call.wrongArgument(index, "a whole number", value) }
        return value
    }

    private static func seed(_ call: Call, _ index: Int) throws(Diagnostic) -> MersenneTwister? {
        guard let value = call[index], !value.isNull else { return nil }
        let given = try call.evaluator.operand(value)
        guard let generator = MersenneTwister(seed: given) else {
            throw call.wrongArgument(index, "text or a whole number", given)
        }
        return generator
    }

    private static func pick(_ count: WholeNumber, _ seed: MersenneTwister?) throws(Diagnostic) -> WholeNumber {
        if case .small(let count) = count { return .small(pick(count, seed)) }
        guard var generator = seed else {
            var chance = SystemRandomNumberGenerator()
            return MersenneTwister.below(count) { chance.next() }
        }
        return MersenneTwister.below(count) { generator.next() }
    }

    private static func pick(_ count: Int, _ seed: MersenneTwister?) -> Int {
        guard var generator = seed else { return Int.random(in: 0..<count) }
        return generator.below(count)
    }

    private static func shuffle(_ call: Call) throws(Diagnostic) -> Value {
        guard var items = call.input.elements ?? (try? call.elements()) else { return call.input }
        guard call[0]?.isTruthy ?? false, var generator = try seed(call, 0) else {
            call.noteVolatile()
            return .list(items.shuffled())
        }
        for index in stride(from: items.count - 1, to: 0, by: -1) {
            items.swapAt(index, generator.below(index + 1))
        }
        return .list(items)
    }
}

internal import Diagnostics
internal import Values

/// Tests of a task's registered result. Each looks at one entry only, which may be unknown in check mode.
enum ResultTests {
    static let all: [Test] = [
        Test("failed", isShallow: true) { call throws(Diagnostic) in try flag(call, "failed") },
        Test("failure", isShallow: true) { call throws(Diagnostic) in try flag(call, "failed") },
        Test("succeeded", isShallow: true) { call throws(Diagnostic) in try !flag(call, "failed") },
        Test("success", isShallow: true) { call throws(Diagnostic) in try !flag(call, "failed") },
        Test("successful", isShallow: true) { call throws(Diagnostic) in try !flag(call, "failed") },
        Test("changed", isShallow: true, changed), Test("change", isShallow: true, changed),
        Test("skipped", isShallow: true) { call throws(Diagnostic) in try flag(call, "skipped") },
        Test("skip", isShallow: true) { call throws(Diagnostic) in try flag(call, "skipped") },
        Test("unreachable", isShallow: true) { call throws(Diagnostic) in try flag(call, "unreachable") },
        Test("reachable", isShallow: true) { call throws(Diagnostic) in try !flag(call, "unreachable") },
        Test("started", isShallow: true) { call throws(Diagnostic) in try flag(call, "started", otherwise: true) },
        Test("finished", isShallow: true) { call throws(Diagnostic) in try flag(call, "finished", otherwise: true) },
        Test("timedout", isShallow: true) { call throws(Diagnostic) in
            guard let timedOut = try result(call)["timedout"], timedOut.isTruthy else { return false }
            return timedOut.mapValue?["period"]?.isTruthy ?? false
        },
    ]

    private static func result(_ call: Call) throws(Diagnostic) -> ValueMap {
        switch call.input {
        case .map(let map): return map
        case .object:
            if case .map(let map) = try call.evaluator.settled(call.input) { return map }
        default: break
        }
        throw call.failure(
            "the test '\(call.name)' needs a task's result, not \(ErrorText.describe(call.input))",
            remedy: "Ask a variable that a task registered.")
    }

    private static func flag(_ call: Call, _ name: String, otherwise: Bool = false) throws(Diagnostic) -> Bool {
        guard let value = try result(call)[name] else { return otherwise }
        guard let truth = try call.evaluator.truth(try call.evaluator.resolved(value)) else {
            if case .unknown(let unknown) = value { throw UnknownAnswer.error(unknown) }
            return false
        }
        return truth
    }

    @Sendable private static func changed(_ call: Call) throws(Diagnostic) -> Bool {
        let map = try result(call)
        if map["changed"] != nil { return try flag(call, "changed") }
        guard let results = map["results"]?.elements else { return false }
        for case .map(let item) in results where item["changed"]?.isTruthy ?? false { return true }
        return false
    }
}

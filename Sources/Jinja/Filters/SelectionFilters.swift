internal import Diagnostics
internal import Values

/// Filters that put each element of a list through something: `map`, `select`, `reject` and their kin.
enum SelectionFilters {
    static let all: [Filter] = [
        Filter("map", [], [.lenient, .variadic, .keywords], map),
        Filter("select", [], [.lenient, .variadic, .keywords]) { call throws(Diagnostic) in
            try select(call, keeps: true, byAttribute: false)
        },
        Filter("reject", [], [.lenient, .variadic, .keywords]) { call throws(Diagnostic) in
            try select(call, keeps: false, byAttribute: false)
        },
        Filter("selectattr", [], [.lenient, .variadic, .keywords]) { call throws(Diagnostic) in
            try select(call, keeps: true, byAttribute: true)
        },
        Filter("rejectattr", [], [.lenient, .variadic, .keywords]) { call throws(Diagnostic) in
            try select(call, keeps: false, byAttribute: true)
        },
    ]

    /// The elements to walk, or what stands in the way: these filters get their input as it is, so that
    /// elements may be undefined or unknown.
    private static func elements(_ call: Call) throws(Diagnostic) -> (items: [Value], stop: Value?) {
        switch call.input {
        case .undefined, .unknown: return ([], call.input)
        case .null: return ([], .list([]))
        default: return (try call.evaluator.elements(call.input), nil)
        }
    }

    private static func map(_ call: Call) throws(Diagnostic) -> Value {
        let (items, stop) = try elements(call)
        if let stop { return stop }
        try call.evaluator.session.countTurn(items.count)
        var result: [Value] = []
        result.reserveCapacity(items.count)
        if call.extra.isEmpty, let attribute = call.named["attribute"] {
            let standard = call.named["default"]
            for (key, _) in call.named where key.text != "attribute" && key.text != "default" {
                throw call.failure("'map' has no argument '\(key.text)'")
            }
            for item in items {
                let value = try path(attribute, of: try call.evaluator.resolved(item), call)
                if case .undefined = value, let standard { result.append(standard) } else { result.append(value) }
            }
            return .list(result)
        }
        guard let first = call.extra.first, case .string(let name) = try call.evaluator.settled(first) else {
            throw call.failure("'map' needs a filter's name or attribute=…")
        }
        guard let filter = FilterIndex.filter(named: name.string) else {
            let trouble = FilterIndex.trouble(with: name.string)
            throw call.failure(trouble.summary, remedy: trouble.remedy)
        }
        let rest = Array(call.extra.dropFirst())
        for item in items {
            result.append(
                try call.evaluator.apply(
                    filter, to: try call.evaluator.resolved(item), rest, call.named, at: call.offset))
        }
        return .list(result)
    }

    private static func path(_ attribute: Value, of item: Value, _ call: Call) throws(Diagnostic) -> Value {
        guard case .string(let text) = attribute, text.string.contains(",") else {
            return try call.evaluator.path(attribute, of: item, at: call.offset)
        }
        var parts: [Value] = []
        for word in text.string.split(separator: ",") {
            parts.append(try call.evaluator.path(.string(String(word)), of: item, at: call.offset))
        }
        return .list(parts)
    }

    private static func select(_ call: Call, keeps: Bool, byAttribute: Bool) throws(Diagnostic) -> Value {
        let (items, stop) = try elements(call)
        if let stop { return stop }
        try call.evaluator.session.countTurn(items.count)
        var arguments = call.extra
        var attribute: Value?
        if byAttribute {
            guard !arguments.isEmpty else { throw call.failure("'\(call.name)' needs the attribute to look at") }
            attribute = try call.evaluator.settled(arguments.removeFirst())
        }
        var test: Test?
        if !arguments.isEmpty {
            guard case .string(let name) = try call.evaluator.settled(arguments.removeFirst()) else {
                throw call.failure("'\(call.name)' needs a test's name as text")
            }
            guard let found = TestIndex.test(named: name.string) else {
                let trouble = TestIndex.trouble(with: name.string)
                throw call.failure(trouble.summary, remedy: trouble.remedy)
            }
            test = found
        }
        var result: [Value] = []
        for item in items {
            var value = try call.evaluator.resolved(item)
            if let attribute { value = try call.evaluator.path(attribute, of: value, at: call.offset) }
            let answer =
                if let test { try call.evaluator.apply(test, to: value, arguments, call.named, at: call.offset) } else {
                    value
                }
            guard let truth = try call.evaluator.truth(answer) else { return answer }
            if truth == keeps { result.append(item) }
        }
        return .list(result)
    }
}

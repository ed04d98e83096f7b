internal import Diagnostics
internal import Values

/// `ansible.utils`: paths into nested values, and places in lists.
enum PathsFilters {
    static let all: [Filter] = [
        Filter("to_paths", ["prepend", "wantlist"], .structural) { call throws(Diagnostic) in
            var value = call.input
            if let name = call[0], name.isTruthy { value = .map([.string(PythonPrint.text(name)): value]) }
            var result = ValueMap()
            collect(value, "", &result)
            let answer: Value = result.isEmpty && value.elements != nil ? .list([]) : .map(result)
            return call.bool(1, default: false) ? .list([answer]) : answer
        },
        Filter("get_path", ["path", "wantlist"], required: 1, .structural) { call throws(Diagnostic) in
            let answer = try value(at: try call.string(0), call)
            return call.bool(1, default: false) ? .list([answer]) : answer
        },
        Filter("index_of", ["test", "value", "key", "fail_on_missing", "wantlist"], required: 1, .structural, indices),
        Filter("param_list_compare", ["target"], required: 1, compare),
    ]

    // MARK: Paths

    private static func collect(_ value: Value, _ path: String, _ result: inout ValueMap) {
        switch value {
        case .map(let map) where !map.isEmpty:
            for (key, item) in map {
                let name = PythonPrint.text(key.value)
                collect(item, path.isEmpty ? name : isName(name) ? "\(path).\(name)" : "\(path)['\(name)']", &result)
            }
        case .list(let items), .tuple(let items):
            if items.isEmpty, !path.isEmpty { result[path] = value }
            for (place, item) in items.enumerated() { collect(item, "\(path)[\(place)]", &result) }
        case .map: if !path.isEmpty { result[path] = value }
        default: result[path] = value
        }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.unicodeScalars.allSatisfy {
            switch $0 {
            case "a"..."z", "A"..."Z", "0"..."9", "_": true
            default: false
            }
        }
    }

    /// The value a path leads to. The path is read for what it is, names and indices, and never evaluated: it may have
    /// come from anywhere.
    private static func value(at path: String, _ call: Call) throws(Diagnostic) -> Value {
        guard case .map = call.input else { throw call.wrongInput("a dictionary") }
        let bytes = Array(path.utf8)
        let step = try Regex.compiled(
            "\\s*(?:(?:^|\\.)([A-Za-z_][A-Za-z0-9_]*|(?<=\\.)[0-9]+)|\\['([^'\\\\]*)'\\]|\\[\"([^\"\\\\]*)\"\\]|\\[(-?[0-9]+)\\])\\s*"
        )
        var position = 0
        var value = call.input
        while position < bytes.count {
            guard let match = try step.firstMatch(in: bytes, from: position, anchored: true) else {
                throw call.failure(
                    "'\(path)' is no path at character \(position + 1)",
                    remedy: "A path is made of names and places: a.b['c d'][0].")
            }
            func part(_ group: Int) -> String? {
                match.ranges[group].map { String(decoding: bytes[$0], as: UTF8.self) }
            }
            let key: Value =
                if let index = (part(4) ?? part(1)).flatMap({ Int($0) }) {
                    .int(index)
                } else {
                    .string(part(1) ?? part(2) ?? part(3) ?? "")
                }
            value = try call.evaluator.item(value, key, at: call.offset)
            if case .undefined = value { return value }
            position = match.whole.upperBound
        }
        return value
    }

    // MARK: Places

    private static func indices(_ call: Call) throws(Diagnostic) -> Value {
        guard let items = call.input.elements else { throw call.wrongInput("a list") }
        var name = try call.string(0)
        var isInverted = false
        if name.hasPrefix("!") {
            name = String(name.drop { $0 == "!" })
            if name == "=" { name = "==" }
            isInverted = true
        } else if name.hasPrefix("not ") {
            name = String(name.dropFirst(4))
            isInverted = true
        }
        guard let test = TestIndex.test(named: name) else {
            let trouble = TestIndex.trouble(with: name)
            throw call.failure(trouble.summary, remedy: trouble.remedy)
        }
        var wanted = call[1] ?? .null
        if name == "in", wanted.elements == nil { wanted = .list([wanted]) }
        let key = call[2].flatMap { $0.isNull ? nil : $0 }
        if key != nil {
            for item in items where item.mapValue == nil {
                throw call.failure(
                    "with a key, 'index_of' needs dictionaries, but one element is \(ErrorText.describe(item))")
            }
        }
        var result: [Value] = []
        for (place, item) in items.enumerated() {
            var value = item
            if let key {
                guard let name = key.asKey else { throw call.wrongArgument(2, "a key", key) }
                guard let found = item.mapValue?[name] else {
                    if call.bool(3, default: false) {
                        throw call.failure("element \(place) has no '\(name.text)': \(ErrorText.describe(item))")
                    }
                    continue
                }
                value = found
            }
            let answer = try call.evaluator.apply(
                test, to: value, wanted.isNull ? [] : [wanted], [:], at: call.offset)
            guard let holds = try call.evaluator.truth(answer) else { return answer }
            if holds != isInverted { result.append(.int(place)) }
        }
        return result.count == 1 && !call.bool(4, default: false) ? result[0] : .list(result)
    }

    // MARK: Lists of parameters

    private static func compare(_ call: Call) throws(Diagnostic) -> Value {
        let base = try call.elements().map(PythonPrint.text)
        let wanted = try call.evaluator.elements(try call.value(0)).map(PythonPrint.text)
        var chosen = wanted.contains("all") ? base : []
        for name in wanted where name.hasPrefix("!") {
            if let place = chosen.firstIndex(of: String(name.dropFirst())) { chosen.remove(at: place) }
        }
        var unknown: [String] = []
        for name in wanted where name != "all" && !name.hasPrefix("!") {
            if !base.contains(name) { unknown.append(name) } else if !chosen.contains(name) { chosen.append(name) }
        }
        chosen.sort { PythonString.compare($0, $1) < 0 }
        return ["actionable": .list(chosen.map { .string($0) }), "unsupported": .list(unknown.map { .string($0) })]
    }
}

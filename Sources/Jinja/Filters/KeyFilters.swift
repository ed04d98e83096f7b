internal import Diagnostics
internal import Values

/// Dictionaries without some of their keys, with some only, or with other names for them.
///
/// Two collections have filters of the same names: `community.general`'s look at the dictionaries of a list,
/// `ansible.utils`'s at any depth.
enum KeyFilters {
    static let general: [Filter] = [
        Filter("keep_keys", ["target", "matching_parameter"], required: 1, .structural) { call throws(Diagnostic) in
            let names = try Names(call, equality: "equal")
            return try changed(call) { key throws(Diagnostic) in try names.matches(key) ? key : nil }
        },
        Filter("remove_keys", ["target", "matching_parameter"], required: 1, .structural) { call throws(Diagnostic) in
            let names = try Names(call, equality: "equal")
            return try changed(call) { key throws(Diagnostic) in try names.matches(key) ? nil : key }
        },
        Filter("replace_keys", ["target", "matching_parameter"], required: 1, .structural) { call throws(Diagnostic) in
            let pairs = try Replacement.all(call, equality: "equal")
            return try changed(call) { key throws(Diagnostic) in
                for pair in pairs where try pair.names.matches(key) { return pair.after }
                return key
            }
        },
    ]

    static let utils: [Filter] = [
        Filter("keep_keys", ["target", "matching_parameter"], required: 1, .structural) { call throws(Diagnostic) in
            let names = try Names(call, equality: "equality")
            guard call.input.isContainer else { throw call.wrongInput("a list or dictionary") }
            return try kept(call.input, names)
        },
        Filter("remove_keys", ["target", "matching_parameter"], required: 1, .structural) { call throws(Diagnostic) in
            let names = try Names(call, equality: "equality")
            guard call.input.isContainer else { throw call.wrongInput("a list or dictionary") }
            return try withoutEmpty(removed(call.input, names))
        },
        Filter("replace_keys", ["target", "matching_parameter"], required: 1, .structural) { call throws(Diagnostic) in
            let pairs = try Replacement.all(call, equality: "equality")
            guard call.input.isContainer else { throw call.wrongInput("a list or dictionary") }
            return try replaced(call.input, pairs)
        },
    ]

    // MARK: Names

    /// Which keys are meant.
    private struct Names {
        enum Matching { case equality, start, end, pattern }

        var names: [String]
        var matching: Matching

        init(names: [String], matching: Matching) {
            self.names = names
            self.matching = matching
        }

        init(_ call: Call, equality: String) throws(Diagnostic) {
            matching = try Self.matching(call, equality: equality)
            let target = try call.value(0)
            names = []
            for name in target.elements ?? [target] {
                guard case .string(let text) = name else {
                    throw call.wrongArgument(0, "a name or a list of names", target)
                }
                names.append(text.string)
            }
            guard names.contains(where: { !$0.isEmpty }) else { throw call.failure("'\(call.name)' is given no name") }
            if equality == "equal", matching == .pattern, names.count > 1 {
                throw call.failure("'\(call.name)' takes one pattern, not \(names.count)")
            }
        }

        static func matching(_ call: Call, equality: String) throws(Diagnostic) -> Matching {
            switch try call.string(1, default: equality) {
            case equality: return .equality
            case "starts_with": return .start
            case "ends_with": return .end
            case "regex": return .pattern
            case let other:
                throw call.failure(
                    "matching_parameter must be \(equality), starts_with, ends_with or regex, not '\(other)'")
            }
        }

        func matches(_ key: String) throws(Diagnostic) -> Bool {
            for name in names {
                switch matching {
                case .equality: if key == name { return true }
                case .start: if key.utf8.starts(with: name.utf8) { return true }
                case .end: if key.utf8.reversed().starts(with: name.utf8.reversed()) { return true }
                case .pattern:
                    if try Regex.compiled(name).firstMatch(in: Array(key.utf8), anchored: true) != nil { return true }
                }
            }
            return false
        }

        func equals(_ key: String) -> Bool { names.contains(key) }
    }

    private struct Replacement {
        var names: Names
        var after: String

        static func all(_ call: Call, equality: String) throws(Diagnostic) -> [Replacement] {
            let matching = try Names.matching(call, equality: equality)
            let target = try call.value(0)
            guard let items = target.elements, !items.isEmpty else {
                throw call.wrongArgument(0, "a list of dictionaries with 'before' and 'after'", target)
            }
            var result: [Replacement] = []
            for item in items {
                guard let before = item.mapValue?["before"]?.stringValue,
                    let after = item.mapValue?["after"]?.stringValue
                else { throw call.wrongArgument(0, "a list of dictionaries with 'before' and 'after'", item) }
                result.append(Replacement(names: Names(names: [before], matching: matching), after: after))
            }
            return result
        }
    }

    // MARK: The dictionaries of a list

    private static func changed(
        _ call: Call, _ name: (String) throws(Diagnostic) -> String?
    ) throws(Diagnostic) -> Value {
        guard let items = call.input.elements else { throw call.wrongInput("a list of dictionaries") }
        var result: [Value] = []
        for item in items {
            guard case .map(let map) = item else {
                throw call.failure("'\(call.name)' needs dictionaries, but one element is \(ErrorText.describe(item))")
            }
            var changed = ValueMap()
            for (key, value) in map {
                guard case .string(let text) = key else {
                    throw call.failure("'\(call.name)' needs keys that are text, not \(key.value.pythonRepresentation)")
                }
                if let new = try name(text) { changed[new] = value }
            }
            result.append(.map(changed))
        }
        return .list(result)
    }

    // MARK: At any depth

    private static func kept(_ value: Value, _ names: Names) throws(Diagnostic) -> Value {
        if let items = value.elements {
            var result: [Value] = []
            for item in items { result.append(try kept(item, names)) }
            return .list(result)
        }
        guard case .map(let map) = value else { return value }
        var result = ValueMap()
        for (key, item) in map {
            if item.isContainer {
                if names.equals(key.text) {
                    result[key] = item
                    continue
                }
                let inner = try kept(item, names)
                let full = inner.elements.map { .list($0.filter { !$0.isEmptyContainer }) } ?? inner
                if !full.isEmptyContainer {
                    result[key] = full
                } else if !inner.isEmptyContainer {
                    result[key] = inner
                }
            } else if try names.matches(key.text) {
                result[key] = item
            }
        }
        return .map(result)
    }

    private static func removed(_ value: Value, _ names: Names) throws(Diagnostic) -> Value {
        if let items = value.elements {
            var result: [Value] = []
            for item in items { result.append(try removed(item, names)) }
            return .list(result)
        }
        guard case .map(let map) = value else { return value }
        var result = ValueMap()
        for (key, item) in map where try !names.matches(key.text) { result[key] = try removed(item, names) }
        return .map(result)
    }

    /// Lists lose what is empty, zero or false in them.
    private static func withoutEmpty(_ value: Value) throws(Diagnostic) -> Value {
        switch value {
        case .list(let items), .tuple(let items):
            var result: [Value] = []
            for item in items where item.isTruthy { result.append(try withoutEmpty(item)) }
            return .list(result)
        case .map(let map):
            return .map(try map.mapValues { (item) throws(Diagnostic) in try withoutEmpty(item) })
        default: return value
        }
    }

    private static func replaced(_ value: Value, _ pairs: [Replacement]) throws(Diagnostic) -> Value {
        if let items = value.elements {
            var result: [Value] = []
            for item in items { result.append(try replaced(item, pairs)) }
            return .list(result)
        }
        guard case .map(var map) = value else { return value }
        for pair in pairs {
            // A renamed key goes to the end, and over one that has its new name.
            for key in map.keys where try pair.names.matches(key.text) {
                guard let item = map.removeValue(forKey: key) else { continue }
                map[pair.after] = item
            }
        }
        return .map(try map.mapValues { (item) throws(Diagnostic) in try replaced(item, pairs) })
    }
}

extension Value {
    /// A list or dictionary.
    fileprivate var isContainer: Bool { elements != nil || mapValue != nil }
    fileprivate var isEmptyContainer: Bool { isContainer && !isTruthy }
}

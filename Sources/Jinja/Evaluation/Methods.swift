internal import Diagnostics
internal import Values

/// The methods templates call on texts, lists and dictionaries.
enum MethodIndex {
    private static let map: Set<String> = [
        "get", "items", "keys", "values", "copy", "update", "pop", "popitem", "setdefault", "clear", "fromkeys",
    ]
    private static let list: Set<String> = [
        "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "index", "count", "copy",
    ]
    private static let tuple: Set<String> = ["index", "count"]
    private static let number: Set<String> = [
        "bit_length", "is_integer", "as_integer_ratio", "conjugate", "__and__", "__or__", "__xor__", "__lshift__",
        "__rshift__",
    ]

    private static let float: Set<String> = ["is_integer", "conjugate"]

    /// What each name means as a method; told from the name once, when a template is parsed.
    private static let traits: [String: MethodTraits] = {
        var result: [String: MethodTraits] = [:]
        func add(_ names: some Sequence<String>, _ traits: MethodTraits) {
            for name in names { result[name, default: []].formUnion(traits) }
        }
        add(map, .ofMap)
        add(list, .ofList)
        add(tuple, .ofTuple)
        add(StringMethods.names, .ofText)
        add(number, .ofNumber)
        add(["get", "items", "keys", "values", "copy"], .ofLazyMap)
        add(["update", "pop", "popitem", "setdefault", "clear"], .mutatesMap)
        add(["append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"], .mutatesList)
        add(["append", "extend", "insert", "update", "setdefault", "get"], .keepsArguments)
        add(["index", "count"], .looksInside)
        return result
    }()

    static func traits(of name: String) -> MethodTraits { traits[name] ?? [] }

    static func has(_ name: String, _ traits: MethodTraits, on value: Value) -> Bool {
        switch value {
        case .map: traits.contains(.ofMap)
        case .list: traits.contains(.ofList)
        case .tuple: traits.contains(.ofTuple)
        case .string: traits.contains(.ofText)
        case .int, .large, .bool: traits.contains(.ofNumber)
        case .double: float.contains(name)
        case .object(let object):
            (object as? any TemplateObject)?.methods.contains(name)
                ?? (traits.contains(.ofLazyMap) && object.isMap)
        default: false
        }
    }

    /// The most positional arguments of methods that people get wrong.
    private static let greatestCounts = [
        "append": 1, "extend": 1, "insert": 2, "remove": 1, "clear": 0, "sort": 0, "reverse": 0, "copy": 0, "items": 0,
        "keys": 0, "values": 0, "get": 2, "update": 1, "setdefault": 2, "popitem": 0, "upper": 0, "lower": 0,
        "title": 0, "capitalize": 0, "swapcase": 0, "strip": 1, "lstrip": 1, "rstrip": 1, "join": 1, "split": 2,
        "rsplit": 2, "splitlines": 1, "replace": 3, "startswith": 3, "endswith": 3, "zfill": 1, "partition": 1,
        "isdigit": 0, "isalpha": 0, "isalnum": 0, "isupper": 0, "islower": 0, "isspace": 0,
    ]

    static func call(_ call: MethodCall, on value: inout Value) throws(Diagnostic) -> Value? {
        if let most = greatestCounts[call.name], call.positional.count > most, value.isPlain {
            throw Diagnostic(
                .template, "\(call.name)() takes at most \(most) arguments, \(call.positional.count) are given")
        }
        switch value {
        case .string(let text): return try StringMethods.call(call, on: text)
        case .map(var entries):
            for argument in call.positional { try NestingBound.check(argument) }
            value = .null
            defer { value = .map(entries) }
            return try MapMethods.call(call, on: &entries)
        case .list(var items):
            for argument in call.positional { try NestingBound.check(argument) }
            value = .null
            defer { value = .list(items) }
            return try ListMethods.call(call, on: &items)
        case .tuple(var items): return try ListMethods.call(call, on: &items)
        case .object(let object as any TemplateObject): return try object.callMethod(call)
        case .object(let object): return try MapMethods.call(call, onLazy: object)
        case .int(let int): return try numberMethod(call, .small(int))
        case .large(let large): return try numberMethod(call, .large(large))
        case .bool(let bool): return try numberMethod(call, .small(bool ? 1 : 0))
        case .double(let double):
            return call.name == "is_integer" ? .bool(double == double.rounded()) : .double(double)
        default: return nil
        }
    }

    private static func numberMethod(_ call: MethodCall, _ number: WholeNumber) throws(Diagnostic) -> Value? {
        func other() throws(Diagnostic) -> WholeNumber {
            let value = try call.required(0)
            guard let whole = value.wholeNumber else {
                throw Diagnostic(.template, "\(call.name)() needs a whole number, not \(ErrorText.describe(value))")
            }
            return whole
        }
        func places() throws(Diagnostic) -> Int {
            let places = try other().clamped.asBound
            guard places >= 0 else { throw Diagnostic(.template, "\(call.name)() needs a number that is not negative") }
            return places
        }
        switch call.name {
        case "bit_length": return .int(number.bitLength)
        case "is_integer": return true
        case "conjugate": return number.value
        case "as_integer_ratio": return .tuple([number.value, 1])
        case "__and__": return number.combined(.and, try other()).value
        case "__or__": return number.combined(.or, try other()).value
        case "__xor__": return number.combined(.xor, try other()).value
        case "__lshift__": return try number.shiftedLeft(try places()).value
        case "__rshift__": return try number.shiftedLeft(-(try places())).value
        default: return nil
        }
    }
}

/// What kinds of values have a method of some name, and how it treats them and its arguments.
struct MethodTraits: OptionSet, Sendable {
    let rawValue: UInt16

    static let ofMap = MethodTraits(rawValue: 1)
    static let ofList = MethodTraits(rawValue: 2)
    static let ofTuple = MethodTraits(rawValue: 4)
    static let ofText = MethodTraits(rawValue: 8)
    static let ofNumber = MethodTraits(rawValue: 16)
    static let ofLazyMap = MethodTraits(rawValue: 32)
    static let mutatesMap = MethodTraits(rawValue: 64)
    static let mutatesList = MethodTraits(rawValue: 128)
    /// It only stores its arguments, which then need not be evaluated.
    static let keepsArguments = MethodTraits(rawValue: 256)
    /// It compares or prints what is within, so that templates there must be evaluated before.
    static let looksInside = MethodTraits(rawValue: 512)

    /// Whether the method changes the value it is called on.
    func mutates(_ value: Value) -> Bool {
        switch value {
        case .map: contains(.mutatesMap)
        case .list: contains(.mutatesList)
        default: false
        }
    }
}

enum MapMethods {
    static func call(_ call: MethodCall, on map: inout ValueMap) throws(Diagnostic) -> Value? {
        switch call.name {
        case "get": return (try key(call)).flatMap { map[$0] } ?? call.argument(1, "default") ?? .null
        case "items": return .list(map.map { .tuple([$0.key.value, $0.value]) })
        case "keys": return .list(map.keys.map(\.value))
        case "values": return .list(map.values)
        case "copy": return .map(map)
        case "clear":
            map = [:]
            return .null
        case "update":
            if let other = call.argument(0) {
                let other = try call.evaluator.resolved(other)
                if case .undefined(let undefined) = other { throw call.evaluator.error(for: undefined) }
                map.merge(try GlobalFunction.map(from: other))
            }
            map.merge(call.named)
            return .null
        case "setdefault":
            guard let key = try key(call) else { return .null }
            if let value = map[key] { return value }
            let value = call.argument(1, "default") ?? .null
            map[key] = value
            return value
        case "pop":
            if let key = try key(call), let value = map.removeValue(forKey: key) { return value }
            if let standard = call.argument(1, "default") { return standard }
            throw Diagnostic(
                .template, "pop() found no key \(call.positional.first?.pythonRepresentation ?? "")",
                remedy: "Give a default: pop(key, none).")
        case "popitem":
            guard let last = map.keys.last, let value = map.removeValue(forKey: last) else {
                throw Diagnostic(.template, "popitem() on an empty dictionary")
            }
            return .tuple([last.value, value])
        case "fromkeys":
            var result = ValueMap()
            for key in try call.evaluator.elements(try call.required(0, "keys")) {
                if let key = key.asKey { result[key] = call.argument(1) ?? .null }
            }
            return .map(result)
        default: return nil
        }
    }

    private static func key(_ call: MethodCall) throws(Diagnostic) -> ValueMap.Key? {
        let value = try call.evaluator.operand(try call.required(0, "key"))
        return value.asKey
    }

    /// The reading methods of a map that is read lazily.
    static func call(_ call: MethodCall, onLazy object: any ValueObject) throws(Diagnostic) -> Value? {
        switch call.name {
        case "get":
            guard let key = try key(call) else { return call.argument(1, "default") ?? .null }
            return try object.member(key) ?? call.argument(1, "default") ?? .null
        case "keys": return .list((object.keys ?? []).map(\.value))
        case "items", "values", "copy":
            guard case .map(var map) = try call.evaluator.settled(.object(object)) else { return nil }
            return try Self.call(call, on: &map)
        default: return nil
        }
    }
}

enum ListMethods {
    static func call(_ call: MethodCall, on items: inout [Value]) throws(Diagnostic) -> Value? {
        let session = call.evaluator.session
        switch call.name {
        case "append":
            try session.countTurn()
            items.append(try call.required(0, "object"))
            return .null
        case "extend":
            let more = try call.evaluator.elements(try call.evaluator.resolved(try call.required(0, "iterable")))
            try session.countTurn(more.count)
            items += more
            return .null
        case "insert":
            let index = try call.int(0, default: 0)
            items.insert(
                try call.required(1, "object"), at: min(max(index < 0 ? index + items.count : index, 0), items.count))
            return .null
        case "remove":
            let wanted = try call.required(0, "value")
            guard let index = try index(of: wanted, in: items, call) else {
                throw Diagnostic(.template, "remove() found no \(ErrorText.describe(wanted)) in the list")
            }
            items.remove(at: index)
            return .null
        case "pop":
            let index = try call.int(0, default: -1)
            let place = index < 0 ? index + items.count : index
            guard items.indices.contains(place) else {
                throw Diagnostic(.template, "pop() of element \(index) from a list of \(items.count)")
            }
            return items.remove(at: place)
        case "clear":
            items = []
            return .null
        case "reverse":
            items.reverse()
            return .null
        case "sort":
            var settled: [Value] = []
            for item in items { settled.append(try call.evaluator.settled(item)) }
            items = try PythonOrder.sorted(settled, reverse: call.named["reverse"]?.isTruthy ?? false) {
                value throws(Diagnostic) in value
            }
            return .null
        case "copy": return .list(items)
        case "count":
            let wanted = try call.required(0, "value")
            return .int(items.count { $0 == wanted })
        case "index":
            let wanted = try call.required(0, "value")
            guard let index = try index(of: wanted, in: items, call) else {
                throw Diagnostic(.template, "index() found no \(ErrorText.describe(wanted)) in the list")
            }
            return .int(index)
        default: return nil
        }
    }

    private static func index(of value: Value, in items: [Value], _ call: MethodCall) throws(Diagnostic) -> Int? {
        for (index, item) in items.enumerated() where try call.evaluator.settled(item) == value { return index }
        return nil
    }
}

extension Value {
    /// Whether its methods are this room's: it is a text, a list or a map.
    fileprivate var isPlain: Bool {
        switch self {
        case .string, .list, .tuple, .map: true
        default: false
        }
    }
}

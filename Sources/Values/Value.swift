public import Diagnostics

/// The one dynamic value: what YAML, templates, variables, module arguments and results are made of.
public enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int)
    /// A whole number that `int` cannot hold; never one that it could.
    case large(LargeInteger)
    case double(Double)
    case string(Text)
    case list([Value])
    /// Python's tuple: a list to everything but `str()` and `is list`.
    case tuple([Value])
    case map(ValueMap)
    /// Something only a real run can tell, met in check mode; whatever depends on it is unknown too.
    case unknown(Unknown)
    /// A name that has no value, with what was looked for; using it is an error, asking `is defined` is not.
    /// (Kept apart: it is rare, and would make every value larger.)
    indirect case undefined(Undefined)
    /// A value that lives elsewhere: a function, a lazily read map such as `hostvars`, a namespace.
    case object(any ValueObject)

    public static func string(_ string: String) -> Value { .string(Text(string)) }
}

/// What an unknown value waits for.
public struct Unknown: Sendable, Hashable {
    /// What cannot be told without running, such as `output of task 'Ask the version'`.
    public var cause: String
    public init(_ cause: String) { self.cause = cause }
}

/// A name that could not be resolved.
public struct Undefined: Sendable {
    /// The name as it was written: `web`, `'dict' has no attribute 'x'`.
    public var summary: String
    public var location: SourceLocation?
    public var remedy: String?

    public init(_ summary: String, at location: SourceLocation? = nil, remedy: String? = nil) {
        self.summary = summary
        self.location = location
        self.remedy = remedy
    }

    /// The error that using the name is.
    public var diagnostic: Diagnostic { Diagnostic(.undefined, summary, at: location, remedy: remedy) }
}

/// A value computed when asked, such as `hostvars`, `vars`, a macro or a lookup.
public protocol ValueObject: AnyObject, Sendable {
    /// What `type_debug` and error messages call it.
    var typeName: String { get }
    /// Whether it lives within one evaluation of a template, as a macro or a loop's state does.
    var belongsToTemplate: Bool { get }
    /// The member of that name or index, or nil if there is none.
    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value?
    /// The keys, if it can be walked as a map.
    var keys: [ValueMap.Key]? { get }
    /// Whether it can be walked as a map; quicker to tell than its keys.
    var isMap: Bool { get }
    /// Calls it, if it can be called.
    func call(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> Value
}

extension ValueObject {
    public var belongsToTemplate: Bool { false }
    public var keys: [ValueMap.Key]? { nil }
    public var isMap: Bool { keys != nil }
    public func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? { nil }
    public func call(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> Value {
        throw Diagnostic(.template, "'\(typeName)' cannot be called")
    }
}

extension Value: Hashable {
    /// Equality as Python has it: `1 == 1.0 == True`, lists and tuples differ, maps ignore order.
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.string(let a), .string(let b)): a == b
        case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)): a == b
        case (.map(let a), .map(let b)): a == b
        case (.unknown(let a), .unknown(let b)): a == b
        case (.undefined, .undefined): true
        case (.object(let a), .object(let b)): a === b
        default:
            switch (left.number, right.number) {
            case (.int(let a)?, .int(let b)?): a == b
            case (.double(let a)?, .double(let b)?): a == b
            case (.int(let a)?, .double(let b)?), (.double(let b)?, .int(let a)?): Int(exactly: b) == a
            case (.large(let a)?, .large(let b)?): a == b
            case (.large(let a)?, .double(let b)?), (.double(let b)?, .large(let a)?):
                WholeNumber.large(a).order(with: b) == 0
            default: false
            }
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let bool): hasher.combine(bool ? 1.0 : 0.0)
        case .int(let int): hasher.combine(Double(int))
        case .large(let large): hasher.combine(large.asDouble)
        case .double(let double): hasher.combine(double)
        case .string(let text): hasher.combine(text)
        case .list(let items), .tuple(let items): hasher.combine(items.count)
        case .map(let map): hasher.combine(map.count)
        case .unknown(let unknown): hasher.combine(unknown)
        case .undefined: hasher.combine(1)
        case .object(let object): hasher.combine(ObjectIdentifier(object))
        }
    }

    /// A number as Python's arithmetic sees it; true is 1 and false is 0.
    public enum Number: Sendable {
        case int(Int)
        case large(LargeInteger)
        case double(Double)

        /// The number as a float, infinite where it is whole and too large for one.
        public var asDouble: Double {
            switch self {
            case .int(let int): Double(int)
            case .large(let large): large.asDouble
            case .double(let double): double
            }
        }

        /// The number if it is whole by its type.
        public var whole: WholeNumber? {
            switch self {
            case .int(let int): .small(int)
            case .large(let large): .large(large)
            case .double: nil
            }
        }

        /// Negative, zero or positive as it comes before, with or after another; nil with not-a-number.
        ///
        /// Exact, as Python compares: 2⁵³ + 1 comes after the float 2⁵³, though as a float it is the same.
        public func order(with other: Number) -> Int? {
            switch (self, other) {
            case (.int(let a), .int(let b)): return a < b ? -1 : a == b ? 0 : 1
            case (.double(let a), .double(let b)):
                if a.isNaN || b.isNaN { return nil }
                return a < b ? -1 : a == b ? 0 : 1
            case (.double, _): return other.order(with: self).map { -$0 }
            case (_, .double(let b)): return whole?.order(with: b)
            default:
                guard let a = whole, let b = other.whole else { return nil }
                return a.order(with: b)
            }
        }
    }

    public var number: Number? {
        switch self {
        case .bool(let bool): .int(bool ? 1 : 0)
        case .int(let int): .int(int)
        case .large(let large): .large(large)
        case .double(let double): .double(double)
        default: nil
        }
    }

    /// A whole number of any size, of which true is 1 and false is 0; nil for floats and all else.
    public var wholeNumber: WholeNumber? { number?.whole }
}

extension Value {
    /// The text's characters, if it is a text.
    public var stringValue: String? { if case .string(let text) = self { text.string } else { nil } }
    public var text: Text? { if case .string(let text) = self { text } else { nil } }
    public var boolValue: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    /// The number if it is whole and of 64 bits at most.
    public var intValue: Int? { if case .int(let int) = self { int } else { nil } }
    /// The elements of a list or a tuple.
    public var elements: [Value]? {
        switch self {
        case .list(let items), .tuple(let items): items
        default: nil
        }
    }
    public var mapValue: ValueMap? { if case .map(let map) = self { map } else { nil } }
    public var isNull: Bool { if case .null = self { true } else { false } }
    public var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// Python's name for its type, as error messages and `type_debug` use it.
    public var typeName: String {
        switch self {
        case .null: "NoneType"
        case .bool: "bool"
        case .int, .large: "int"
        case .double: "float"
        case .string: "str"
        case .list: "list"
        case .tuple: "tuple"
        case .map: "dict"
        case .unknown: "unknown"
        case .undefined: "Undefined"
        case .object(let object): object.typeName
        }
    }

    /// Python's truth: empty and zero are false. Unknown and undefined are the caller's to meet first.
    public var isTruthy: Bool {
        switch self {
        case .null, .undefined: false
        case .bool(let bool): bool
        case .int(let int): int != 0
        case .large: true
        case .double(let double): double != 0
        case .string(let text): !text.string.isEmpty
        case .list(let items), .tuple(let items): !items.isEmpty
        case .map(let map): !map.isEmpty
        case .unknown, .object: true
        }
    }

    /// The first unknown within, if any: a value made of unknown parts is unknown.
    public var firstUnknown: Unknown? {
        switch self {
        case .unknown(let unknown): unknown
        case .list(let items), .tuple(let items): items.lazy.compactMap(\.firstUnknown).first
        case .map(let map): map.isPlain ? nil : map.values.lazy.compactMap(\.firstUnknown).first
        default: nil
        }
    }

    /// Whether it is data and nothing else, at any depth: no text with a mark, nothing unknown or undefined, no
    /// object, and no tuple, which a result turns into a list.
    public var isPlain: Bool {
        switch self {
        case .null, .bool, .int, .large, .double: true
        case .string(let text): text.isPlain
        case .list(let items): items.allSatisfy(\.isPlain)
        case .map(let map): map.isPlain
        case .tuple, .unknown, .undefined, .object: false
        }
    }

    /// Whether any text within is secret.
    public var holdsSecret: Bool {
        switch self {
        case .string(let text): text.isSecret
        case .list(let items), .tuple(let items): items.contains(where: \.holdsSecret)
        case .map(let map): !map.isPlain && map.values.contains(where: \.holdsSecret)
        default: false
        }
    }

    /// Whether any text within is a template still to be evaluated.
    public var holdsTemplate: Bool {
        switch self {
        case .string(let text): text.isTemplate
        case .list(let items), .tuple(let items): items.contains(where: \.holdsTemplate)
        case .map(let map): !map.isPlain && map.values.contains(where: \.holdsTemplate)
        default: false
        }
    }

    /// The same value with every text within put through `change`.
    public func mapText(_ change: (Text) -> Text) -> Value {
        switch self {
        case .string(let text): .string(change(text))
        case .list(let items): .list(items.map { $0.mapText(change) })
        case .tuple(let items): .tuple(items.map { $0.mapText(change) })
        case .map(let map): .map(map.mapValues { $0.mapText(change) })
        default: self
        }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(Text(value)) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(arrayLiteral elements: Value...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, Value)...) {
        var map = ValueMap()
        for (key, value) in elements { map[key] = value }
        self = .map(map)
    }
    public init(nilLiteral: ()) { self = .null }
}

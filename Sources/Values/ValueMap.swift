internal import OrderedCollections

/// A map that keeps the order its keys were added in, as Python's does.
public struct ValueMap: Sendable {
    /// A key: a string nearly always, but YAML also knows `80: http`.
    public enum Key: Sendable, Hashable {
        case string(String)
        case int(Int)
        case double(Double)
        case bool(Bool)
        case null

        /// The key as a value.
        public var value: Value {
            switch self {
            case .string(let string): .string(string)
            case .int(let int): .int(int)
            case .double(let double): .double(double)
            case .bool(let bool): .bool(bool)
            case .null: .null
            }
        }

        /// The key as text, as JSON would write it.
        public var text: String {
            switch self {
            case .string(let string): string
            case .int(let int): String(int)
            case .double(let double): String(double)
            case .bool(let bool): bool ? "true" : "false"
            case .null: "null"
            }
        }
    }

    private var storage: OrderedDictionary<Key, Value>

    public init() { storage = [:] }

    /// The pairs in order; a key given twice keeps its first position and its last value.
    public init<Pairs: Sequence>(_ pairs: Pairs) where Pairs.Element == (Key, Value) {
        storage = OrderedDictionary(pairs, uniquingKeysWith: { _, last in last })
    }

    public subscript(key: Key) -> Value? {
        get { storage[key] }
        set { storage[key] = newValue }
    }

    public subscript(key: String) -> Value? {
        get { storage[.string(key)] }
        set { storage[.string(key)] = newValue }
    }

    public var count: Int { storage.count }
    public var isEmpty: Bool { storage.isEmpty }
    public var keys: [Key] { Array(storage.keys) }
    public var values: [Value] { Array(storage.values) }

    @discardableResult
    public mutating func removeValue(forKey key: Key) -> Value? { storage.removeValue(forKey: key) }
    @discardableResult
    public mutating func removeValue(forKey key: String) -> Value? { storage.removeValue(forKey: .string(key)) }

    /// Adds all of `other`, whose values win.
    public mutating func merge(_ other: ValueMap) {
        for (key, value) in other.storage { storage[key] = value }
    }

    public func merging(_ other: ValueMap) -> ValueMap {
        var copy = self
        copy.merge(other)
        return copy
    }

    /// All of `other` laid over this, maps within maps merged likewise.
    public func deeplyMerging(_ other: ValueMap) -> ValueMap {
        var result = self
        for (key, value) in other.storage {
            if case .map(let low)? = result.storage[key], case .map(let high) = value {
                result.storage[key] = .map(low.deeplyMerging(high))
            } else {
                result.storage[key] = value
            }
        }
        return result
    }

    public func mapValues<E: Error>(_ change: (Value) throws(E) -> Value) throws(E) -> ValueMap {
        var result = ValueMap()
        result.storage.reserveCapacity(count)
        for (key, value) in storage { result.storage[key] = try change(value) }
        return result
    }
}

extension ValueMap: Sequence {
    /// Walks the pairs in order.
    public struct Iterator: IteratorProtocol {
        fileprivate var base: OrderedDictionary<Key, Value>.Iterator
        public mutating func next() -> (key: Key, value: Value)? {
            guard let element = base.next() else { return nil }
            return (element.key, element.value)
        }
    }

    public func makeIterator() -> Iterator { Iterator(base: storage.makeIterator()) }
}

extension ValueMap: Equatable {
    /// Same keys with the same values, in whatever order.
    public static func == (left: ValueMap, right: ValueMap) -> Bool {
        left.count == right.count && left.storage.allSatisfy { right.storage[$0.key] == $0.value }
    }
}

extension ValueMap: ExpressibleByDictionaryLiteral {
    // The protocol asks for a type of this name; without the alias it would hide the room's own.
    public typealias Value = Values.Value

    public init(dictionaryLiteral elements: (Key, Value)...) {
        self.init(elements.map { ($0.0, $0.1) })
    }
}

extension ValueMap.Key: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
}

extension Value {
    /// The value as a map's key, or nil if Python could not use it as one here.
    public var asKey: ValueMap.Key? {
        switch self {
        case .string(let text): .string(text.string)
        case .int(let int): .int(int)
        case .double(let double): double == double.rounded() && abs(double) < 1e15 ? .int(Int(double)) : .double(double)
        case .bool(let bool): .bool(bool)
        case .null: .null
        default: nil
        }
    }
}

internal import Synchronization

/// A map that keeps the order its keys were added in, as Python's does.
///
/// One reference: copying a map costs what copying a number costs, and its contents are copied when a copy is changed.
public struct ValueMap: Sendable {
    /// A key: a string nearly always, but YAML also knows `80: http`.
    public enum Key: Sendable {
        case string(String)
        case int(Int)
        case large(LargeInteger)
        case double(Double)
        case bool(Bool)
        case null

        /// The key as a value.
        public var value: Value {
            switch self {
            case .string(let string): .string(string)
            case .int(let int): .int(int)
            case .large(let large): .large(large)
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
            case .large(let large): large.text
            case .double(let double): String(double)
            case .bool(let bool): bool ? "true" : "false"
            case .null: "null"
            }
        }
    }

    /// Nil for an empty map, of which there are many.
    private var storage: MapStorage?

    public init() {}

    /// The pairs in order; a key given twice keeps its first position and its last value.
    public init<Pairs: Sequence>(_ pairs: Pairs) where Pairs.Element == (Key, Value) {
        reserveCapacity(pairs.underestimatedCount)
        for (key, value) in pairs { self[key] = value }
    }

    public subscript(key: Key) -> Value? {
        get {
            guard let storage, let index = storage.index(of: key) else { return nil }
            return storage.values[index]
        }
        set {
            guard let newValue else {
                removeValue(forKey: key)
                return
            }
            let storage = changeable()
            if let index = storage.index(of: key) {
                storage.values[index] = newValue
            } else {
                storage.append(key, newValue)
            }
        }
    }

    /// A name made ready to be looked up again and again, as `b` of `a.b` is in a template.
    public struct Name: Sendable {
        public let text: String
        fileprivate let fingerprint: UInt64

        public init(_ text: String) {
            self.text = text
            fingerprint = text.fingerprint
        }
    }

    public subscript(name: Name) -> Value? {
        guard let storage, let index = storage.index(of: name.text, name.fingerprint) else { return nil }
        return storage.values[index]
    }

    public subscript(key: String) -> Value? {
        get {
            guard let storage, let index = storage.index(of: key, key.fingerprint) else { return nil }
            return storage.values[index]
        }
        set { self[.string(key)] = newValue }
    }

    public var count: Int { storage?.keys.count ?? 0 }
    public var isEmpty: Bool { storage?.keys.isEmpty ?? true }
    public var keys: [Key] { storage?.keys ?? [] }
    public var values: [Value] { storage?.values ?? [] }

    /// Makes room for so many pairs, for maps whose size is known before they are filled.
    public mutating func reserveCapacity(_ count: Int) {
        guard count > 0 else { return }
        let storage = changeable()
        storage.reserveCapacity(count)
    }

    @discardableResult
    public mutating func removeValue(forKey key: Key) -> Value? {
        guard let index = storage?.index(of: key) else { return nil }
        return changeable().remove(at: index)
    }
    @discardableResult
    public mutating func removeValue(forKey key: String) -> Value? { removeValue(forKey: .string(key)) }

    /// Adds all of `other`, whose values win.
    public mutating func merge(_ other: ValueMap) {
        guard let added = other.storage else { return }
        if isEmpty {
            self = other
            return
        }
        for index in added.keys.indices { self[added.keys[index]] = added.values[index] }
    }

    public func merging(_ other: ValueMap) -> ValueMap {
        var copy = self
        copy.merge(other)
        return copy
    }

    /// Lays all of `other` over this: its values win, and with `deeply` maps of one name are merged.
    public mutating func lay(_ other: ValueMap, deeply: Bool) {
        if deeply, !isEmpty { self = deeplyMerging(other) } else { merge(other) }
    }

    /// Sets one name; with `deeply` a map is merged into the one that stands there.
    public mutating func lay(_ value: Value, over name: Key, deeply: Bool) {
        if deeply, case .map(let low)? = self[name], case .map(let high) = value {
            self[name] = .map(low.deeplyMerging(high))
        } else {
            self[name] = value
        }
    }

    /// All of `other` laid over this, maps within maps merged likewise.
    public func deeplyMerging(_ other: ValueMap) -> ValueMap {
        var result = self
        for (key, value) in other { result.lay(value, over: key, deeply: true) }
        return result
    }

    public func mapValues<E: Error>(_ change: (Value) throws(E) -> Value) throws(E) -> ValueMap {
        guard let storage else { return self }
        var values: [Value] = []
        values.reserveCapacity(storage.values.count)
        for value in storage.values { values.append(try change(value)) }
        var result = ValueMap()
        result.storage = MapStorage(storage, values: values)
        return result
    }

    /// Whether all within, at any depth, is plain data: see `Value.isPlain`. Remembered until the map is changed, so
    /// that data that is asked often, as templates do, is walked once.
    public var isPlain: Bool { storage?.isPlain ?? true }

    /// The storage, alone in this map's hands and about to be changed.
    private mutating func changeable() -> MapStorage {
        if storage != nil, isKnownUniquelyReferenced(&storage), let storage {
            storage.forgetPlainness()
            return storage
        }
        let copy = storage.map { MapStorage($0, values: $0.values) } ?? MapStorage()
        storage = copy
        return copy
    }
}

extension ValueMap.Key: Hashable {
    // Texts are compared byte by byte, as Python compares them, not by canonical equivalence.
    public static func == (left: ValueMap.Key, right: ValueMap.Key) -> Bool {
        switch (left, right) {
        case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
        case (.int(let a), .int(let b)): a == b
        case (.large(let a), .large(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.bool(let a), .bool(let b)): a == b
        case (.null, .null): true
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .string(let string): string.hashBytes(into: &hasher)
        case .int(let int): hasher.combine(int)
        case .large(let large): hasher.combine(large)
        case .double(let double): hasher.combine(double)
        case .bool(let bool): hasher.combine(bool)
        case .null: hasher.combine(0)
        }
    }
}

/// The pairs of a map, and where each key stands once there are many.
///
/// Unchecked: a map changes it only while no other map has it, and what is remembered is atomic.
private final class MapStorage: @unchecked Sendable {
    @exclusivity(unchecked) private(set) var keys: [ValueMap.Key] = []
    @exclusivity(unchecked) var values: [Value] = []
    /// What each key's text looks like, so that a walk seldom has to look at the text itself.
    @exclusivity(unchecked) private var fingerprints: [UInt64] = []
    /// An open hash table of indices into `keys`, or -1; empty while a walk over the few keys is quicker.
    @exclusivity(unchecked) private var buckets: [Int32] = []
    private let plainness = Atomic<UInt8>(0)

    private static let mostWithoutBuckets = 16

    init() {}

    /// The same keys with other values.
    init(_ other: MapStorage, values: [Value]) {
        keys = other.keys
        fingerprints = other.fingerprints
        buckets = other.buckets
        self.values = values
    }

    func reserveCapacity(_ count: Int) {
        keys.reserveCapacity(count)
        values.reserveCapacity(count)
        fingerprints.reserveCapacity(count)
    }

    func index(of key: ValueMap.Key) -> Int? {
        if case .string(let text) = key { return index(of: text, text.fingerprint) }
        if buckets.isEmpty { return keys.firstIndex(of: key) }
        return find(key) { keys[$0] == key }
    }

    /// The same for a text, by far the most common.
    func index(of text: String, _ fingerprint: UInt64) -> Int? {
        if buckets.isEmpty {
            for index in fingerprints.indices where fingerprints[index] == fingerprint && isKey(index, text) {
                return index
            }
            return nil
        }
        return find(.string(text)) { fingerprints[$0] == fingerprint && isKey($0, text) }
    }

    private func isKey(_ index: Int, _ text: String) -> Bool {
        if case .string(let key) = keys[index] { key.hasSameBytes(as: text) } else { false }
    }

    private func find(_ key: ValueMap.Key, _ isFound: (Int) -> Bool) -> Int? {
        var bucket = Self.hash(key) & (buckets.count - 1)
        while true {
            let index = Int(buckets[bucket])
            if index < 0 { return nil }
            if isFound(index) { return index }
            bucket = (bucket + 1) & (buckets.count - 1)
        }
    }

    func append(_ key: ValueMap.Key, _ value: Value) {
        keys.append(key)
        values.append(value)
        if case .string(let text) = key { fingerprints.append(text.fingerprint) } else { fingerprints.append(0) }
        guard keys.count > Self.mostWithoutBuckets else { return }
        // At most three quarters are taken, so that a search always meets an empty one soon.
        if keys.count * 4 > buckets.count * 3 {
            fill()
        } else {
            put(keys.count - 1)
        }
    }

    func remove(at index: Int) -> Value {
        keys.remove(at: index)
        fingerprints.remove(at: index)
        let value = values.remove(at: index)
        // Emptying a map from either end is rare, and then it is small.
        if keys.count > Self.mostWithoutBuckets { fill() } else { buckets = [] }
        return value
    }

    private func fill() {
        var size = 32
        while keys.count * 2 > size { size *= 2 }
        buckets = Array(repeating: -1, count: size)
        for index in keys.indices { put(index) }
    }

    private func put(_ index: Int) {
        var bucket = Self.hash(keys[index]) & (buckets.count - 1)
        while buckets[bucket] >= 0 { bucket = (bucket + 1) & (buckets.count - 1) }
        buckets[bucket] = Int32(truncatingIfNeeded: index)
    }

    private static func hash(_ key: ValueMap.Key) -> Int {
        var hasher = Hasher()
        key.hash(into: &hasher)
        return hasher.finalize()
    }

    // MARK: What is remembered

    private enum Plainness { static let unasked: UInt8 = 0, plain: UInt8 = 1, marked: UInt8 = 2 }

    var isPlain: Bool {
        switch plainness.load(ordering: .relaxed) {
        case Plainness.plain: return true
        case Plainness.marked: return false
        default:
            let isPlain = values.allSatisfy(\.isPlain)
            plainness.store(isPlain ? Plainness.plain : Plainness.marked, ordering: .relaxed)
            return isPlain
        }
    }

    func forgetPlainness() { plainness.store(Plainness.unasked, ordering: .relaxed) }
}

extension ValueMap: Sequence {
    /// Walks the pairs in order.
    public struct Iterator: IteratorProtocol {
        fileprivate let storage: MapStorage?
        fileprivate var index = 0

        public mutating func next() -> (key: Key, value: Value)? {
            guard let storage, index < storage.keys.count else { return nil }
            defer { index += 1 }
            return (storage.keys[index], storage.values[index])
        }
    }

    public func makeIterator() -> Iterator { Iterator(storage: storage) }
    public var underestimatedCount: Int { count }
}

extension ValueMap: Equatable {
    /// Same keys with the same values, in whatever order.
    public static func == (left: ValueMap, right: ValueMap) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
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
    /// What it holds under a name; nil if it does not, or is no map.
    public func entry(_ name: ValueMap.Name) -> Value? {
        if case .map(let map) = self { map[name] } else { nil }
    }

    /// The value as a map's key, or nil if Python could not use it as one here.
    public var asKey: ValueMap.Key? {
        switch self {
        case .string(let text): .string(text.string)
        case .int(let int): .int(int)
        case .large(let large): .large(large)
        case .double(let double): double == double.rounded() && abs(double) < 1e15 ? .int(Int(double)) : .double(double)
        case .bool(let bool): .bool(bool)
        case .null: .null
        default: nil
        }
    }
}

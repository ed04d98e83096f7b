public import Values

/// A set of variables of one precedence level, with its name for people (`--explain`, cycles).
public struct Layer: Sendable {
    public var name: String
    public var values: ValueMap

    public init(_ name: String, _ values: ValueMap) {
        self.name = name
        self.values = values
    }
}

/// The value of the magic variable `omit`: an argument that has it is left out, as if it had not been written.
public final class Omit: ValueObject {
    public static let marker = Omit()
    public var typeName: String { "omit" }

    private init() {}

    /// Whether the value is the marker.
    public static func isMarker(_ value: Value) -> Bool {
        if case .object(let object) = value { object === marker } else { false }
    }

    /// The value without what is omitted, at any depth; nil if it is omitted itself.
    public static func removed(from value: Value) -> Value? {
        switch value {
        case .object(let object) where object === marker: return nil
        case .list(let items): return .list(items.compactMap(removed))
        case .map(let map):
            var kept = ValueMap()
            for (key, item) in map {
                if let item = removed(from: item) { kept[key] = item }
            }
            return .map(kept)
        default: return value
        }
    }
}

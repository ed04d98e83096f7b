import Values

/// Results as JSON text: what has no JSON form (an unknown value, a function) is written as a word for it.
enum JSONText {
    /// - Parameter indent: How many blanks a level is set in; nil keeps everything on one line.
    static func of(_ value: Value, indent: Int? = nil, sorted: Bool = false) -> String {
        let style = JSON.Style(indent: indent, itemSeparator: ", ", keySeparator: ": ", sortsKeys: sorted)
        return (try? JSON.text(printable(value), style: style)) ?? "\"<too deep to print>\""
    }

    /// The value with words in place of what neither JSON nor YAML can tell.
    static func printable(_ value: Value) -> Value {
        switch value {
        case .unknown(let unknown): .string("<unknown: \(unknown.cause)>")
        case .undefined: .null
        case .object(let object): .string("<\(object.typeName)>")
        case .double(let double) where !double.isFinite: .string(Value.pythonFloat(double))
        case .list(let items), .tuple(let items): .list(items.map(printable))
        case .map(let map): .map(map.mapValues(printable))
        default: value
        }
    }
}

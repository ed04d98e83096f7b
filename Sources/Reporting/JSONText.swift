public import Values

/// Values as JSON text, the way results are printed.
public enum JSONText {
    /// - Parameters:
    ///   - indent: How many blanks a level is set in; nil keeps everything on one line.
    ///   - sorted: Whether keys are put in order, as Ansible's output has them.
    public static func of(_ value: Value, indent: Int? = nil, sorted: Bool = false) -> String {
        var writer = Writer(indent: indent, sorted: sorted)
        writer.write(value, level: 0)
        return writer.text
    }

    private struct Writer {
        let indent: Int?
        let sorted: Bool
        var text = ""

        mutating func write(_ value: Value, level: Int) {
            switch value {
            case .null, .undefined: text += "null"
            case .bool(let bool): text += bool ? "true" : "false"
            case .int(let int): text += String(int)
            case .double(let double): text += double.isFinite ? Value.pythonFloat(double) : "null"
            case .string(let string): quote(string.string)
            case .list(let items), .tuple(let items):
                write(items.map { (nil, $0) }, "[", "]", level: level)
            case .map(let map):
                var pairs = map.map { ($0.key.text, $0.value) }
                if sorted { pairs.sort { $0.0 < $1.0 } }
                write(pairs.map { ($0.0, $0.1) }, "{", "}", level: level)
            case .unknown(let unknown): quote("<unknown: \(unknown.cause)>")
            case .object(let object): quote("<\(object.typeName)>")
            }
        }

        private mutating func write(_ items: [(key: String?, value: Value)], _ open: String, _ close: String, level: Int) {
            text += open
            for (index, item) in items.enumerated() {
                if index > 0 { text += indent == nil ? ", " : "," }
                newLine(level + 1)
                if let key = item.key {
                    quote(key)
                    text += ": "
                }
                write(item.value, level: level + 1)
            }
            if !items.isEmpty { newLine(level) }
            text += close
        }

        private mutating func newLine(_ level: Int) {
            guard let indent else { return }
            text += "\n" + String(repeating: " ", count: indent * level)
        }

        private mutating func quote(_ string: String) {
            text += "\""
            for scalar in string.unicodeScalars {
                switch scalar {
                case "\"": text += "\\\""
                case "\\": text += "\\\\"
                case "\n": text += "\\n"
                case "\r": text += "\\r"
                case "\t": text += "\\t"
                case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
                    let digits = String(scalar.value, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                default: text.unicodeScalars.append(scalar)
                }
            }
            text += "\""
        }
    }
}

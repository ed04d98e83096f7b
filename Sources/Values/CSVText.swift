public import Diagnostics

/// Comma-separated values as Python's `csv` module reads them.
public struct CSVText: Sendable {
    public var delimiter: UnicodeScalar = ","
    /// Whether blanks after a delimiter are passed over.
    public var skipsInitialSpace = false
    /// Whether what is not quite right is an error.
    public var isStrict = false
    private static let quote: UnicodeScalar = "\""

    public init() {}

    private enum State { case record, field, plain, quoted, quoteInQuoted, lineEnd }

    /// The rows; an empty line is a row without fields.
    ///
    /// - Throws: `Diagnostic` with code `.badValue`, with the line's number: a carriage return within an unquoted field,
    ///   or, if strict, text after a closing quote or a quote that is never closed.
    public func rows(_ text: String) throws(Diagnostic) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field = String.UnicodeScalarView()
        var state = State.record
        var line = 1
        func save() {
            row.append(String(field))
            field = String.UnicodeScalarView()
        }
        func endRow() {
            rows.append(row)
            row = []
            state = .record
        }
        func wrong(_ what: String) -> Diagnostic {
            Diagnostic(.badValue, "the CSV text is wrong in line \(line): \(what)")
        }

        // A carriage return belongs to the line's end that follows, whose newline ends the row.
        let scalars = text.unicodeScalars
        for scalar in scalars {
            let isBreak = scalar == "\n" || scalar == "\r"
            switch state {
            case .lineEnd:
                if scalar == "\r" { continue }
                guard scalar == "\n" else { throw wrong("a carriage return within a field without quotes") }
                endRow()
            case .record where isBreak, .field where isBreak, .plain where isBreak, .quoteInQuoted where isBreak:
                if state != .record { save() }
                state = .lineEnd
                if scalar == "\n" { endRow() }
            case .record, .field:
                if scalar == Self.quote {
                    state = .quoted
                } else if scalar == " ", skipsInitialSpace {
                    state = .field
                } else if scalar == delimiter {
                    save()
                    state = .field
                } else {
                    field.append(scalar)
                    state = .plain
                }
            case .plain:
                if scalar == delimiter {
                    save()
                    state = .field
                } else {
                    field.append(scalar)
                }
            case .quoted:
                if scalar == Self.quote { state = .quoteInQuoted } else { field.append(scalar) }
            case .quoteInQuoted:
                if scalar == Self.quote {
                    field.append(scalar)
                    state = .quoted
                } else if scalar == delimiter {
                    save()
                    state = .field
                } else {
                    if isStrict { throw wrong("text after a closing quote") }
                    field.append(scalar)
                    state = .plain
                }
            }
            if scalar == "\n" { line += 1 }
        }
        switch state {
        case .record: break
        case .lineEnd: endRow()
        case .quoted where isStrict: throw wrong("a quote that is never closed")
        default:
            save()
            endRow()
        }
        return rows
    }
}

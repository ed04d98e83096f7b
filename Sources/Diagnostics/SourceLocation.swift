/// A text that was read for this run: a playbook, an inventory, a variables file, a template.
///
/// One object per text, shared by every place in it, so that an error can show its line without reading the
/// file again (which may have changed meanwhile, or come from standard input).
public final class SourceFile: Sendable {
    /// The name as people should see it: the path as given, `<stdin>`, `-e option`.
    public let name: String
    /// True if the text came out of a vault: its lines are never shown.
    public let isSecret: Bool
    private let text: String

    /// - Parameters:
    ///   - name: What diagnostics call the text.
    ///   - text: The whole text.
    ///   - isSecret: Whether the text was decrypted from a vault.
    public init(name: String, text: String, isSecret: Bool = false) {
        self.name = name
        self.text = text
        self.isSecret = isSecret
    }

    /// The text of a line, without its end, or nil if there is no such line or it must not be shown.
    ///
    /// - Parameter number: The line's number, counted from 1.
    public func line(_ number: Int) -> String? {
        guard !isSecret, number >= 1 else { return nil }
        var current = 1
        var rest = text.utf8[...]
        while current < number {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            rest = rest[rest.index(after: end)...]
            current += 1
        }
        let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
        let line = String(Substring(rest[..<end]))
        return line.last == "\r" ? String(line.dropLast()) : line
    }
}

/// A place in a text: file, line and column, the last two counted from 1.
public struct SourceLocation: Sendable, Hashable {
    public let file: SourceFile
    public let line: Int
    public let column: Int

    public init(file: SourceFile, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public static func == (left: SourceLocation, right: SourceLocation) -> Bool {
        left.file === right.file && left.line == right.line && left.column == right.column
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(file))
        hasher.combine(line)
        hasher.combine(column)
    }
}

extension SourceLocation: CustomStringConvertible {
    /// The place as compilers write it: `site.yml:14:7`.
    public var description: String { "\(file.name):\(line):\(column)" }
}

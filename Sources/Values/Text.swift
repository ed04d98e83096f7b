public import Diagnostics

/// A string with what must not be forgotten about it.
///
/// Marks travel: text made from a secret is secret. Only text that a person wrote in a file is a template;
/// what a host, a lookup or `!unsafe` gave is data for ever, because nothing adds that mark later.
public struct Text: Sendable {
    public var string: String
    public var marks: Marks
    /// Where it was written; kept for templates, so that an error inside can be placed.
    public var origin: SourceLocation?

    /// What is known about a text beyond its characters.
    public struct Marks: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// It came out of a vault or a prompt, or was made from such text; never shown.
        public static let secret = Marks(rawValue: 1)
        /// It was written in a file by a person and holds template delimiters; evaluated when used.
        public static let template = Marks(rawValue: 2)
        /// It is a vaulted value as it lies in its file; using it opens it. Such a text is a secret, and a template as
        /// well: it waits for its use wherever templates do.
        public static let sealed = Marks(rawValue: 4)
    }

    public init(_ string: String, marks: Marks = [], origin: SourceLocation? = nil) {
        self.string = string
        self.marks = marks
        self.origin = origin
    }

    public var isSecret: Bool { marks.contains(.secret) }
    public var isTemplate: Bool { marks.contains(.template) }
    public var isSealed: Bool { marks.contains(.sealed) }

    /// A vaulted value that nobody has opened yet.
    ///
    /// - Parameters:
    ///   - text: What `!vault` stands before, header included.
    ///   - origin: Where it stands; the place of errors once it is opened.
    public static func sealed(_ text: String, origin: SourceLocation?) -> Text {
        Text(text, marks: [.sealed, .secret, .template], origin: origin)
    }
}

extension Text: Hashable {
    // Two texts are the same text if their characters are: marks say how to treat it, not what it is.
    // Compared byte by byte, as Python compares strings, not by canonical equivalence.
    public static func == (left: Text, right: Text) -> Bool { left.string.utf8.elementsEqual(right.string.utf8) }
    public func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension Text: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) { self.init(value) }
}

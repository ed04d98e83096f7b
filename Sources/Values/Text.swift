public import Diagnostics
internal import Glibc

/// A string with what must not be forgotten about it.
///
/// Marks travel: text made from a secret is secret. Only text that a person wrote in a file is a template;
/// what a host, a lookup or `!unsafe` gave is data for ever, because nothing adds that mark later.
public struct Text: Sendable {
    public var string: String
    /// What there is to remember: nothing for most texts, so that a text, and with it a value, stays three words.
    @usableFromInline var note: Note?

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

    @usableFromInline
    final class Note: Sendable {
        @usableFromInline let marks: Marks
        @usableFromInline let origin: SourceLocation?

        private init(_ marks: Marks, _ origin: SourceLocation?) {
            self.marks = marks
            self.origin = origin
        }

        private static let secret = Note(.secret, nil)
        private static let template = Note(.template, nil)

        static func of(_ marks: Marks, _ origin: SourceLocation?) -> Note? {
            if origin != nil { return Note(marks, origin) }
            return switch marks {
            case []: nil
            case .secret: secret
            case .template: template
            default: Note(marks, nil)
            }
        }
    }

    @inlinable
    public init(_ string: String) {
        self.string = string
        note = nil
    }

    public init(_ string: String, marks: Marks = [], origin: SourceLocation? = nil) {
        self.string = string
        note = Note.of(marks, origin)
    }

    public var marks: Marks {
        get { note?.marks ?? [] }
        set { note = Note.of(newValue, note?.origin) }
    }

    /// Where it was written; kept for templates, so that an error inside can be placed.
    public var origin: SourceLocation? {
        get { note?.origin }
        set { note = Note.of(marks, newValue) }
    }

    @inlinable public var isSecret: Bool { note?.marks.contains(.secret) ?? false }
    @inlinable public var isTemplate: Bool { note?.marks.contains(.template) ?? false }
    /// Whether it is neither secret nor a template: characters and nothing else.
    @inlinable public var isPlain: Bool { note?.marks.isEmpty ?? true }
    @inlinable public var isSealed: Bool { note?.marks.contains(.sealed) ?? false }

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
    public static func == (left: Text, right: Text) -> Bool { left.string.hasSameBytes(as: right.string) }
    public func hash(into hasher: inout Hasher) { string.hashBytes(into: &hasher) }
}

extension Text: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) { self.init(value) }
}

extension String {
    /// Whether both are the same UTF-8 bytes. `==` asks more: whether they are canonically equivalent.
    public func hasSameBytes(as other: String) -> Bool {
        // Short texts lie in the two words themselves, so that equal ones nearly always are equal words.
        if unsafeBitCast(self, to: (UInt, UInt).self) == unsafeBitCast(other, to: (UInt, UInt).self) { return true }
        let count = utf8.count
        guard count == other.utf8.count else { return false }
        return utf8.withContiguousStorageIfAvailable { mine in
            other.utf8.withContiguousStorageIfAvailable { theirs in
                guard let mine = mine.baseAddress, let theirs = theirs.baseAddress else { return true }
                return memcmp(mine, theirs, count) == 0
            }
        }.flatMap { $0 } ?? utf8.elementsEqual(other.utf8)
    }

    /// Its length and its ends in one word: texts that differ nearly always differ in it.
    var fingerprint: UInt64 {
        utf8.withContiguousStorageIfAvailable { bytes in
            var word = UInt64(truncatingIfNeeded: bytes.count)
            for byte in bytes.prefix(3) { word = word << 8 | UInt64(byte) }
            for byte in bytes.suffix(4) { word = word << 8 | UInt64(byte) }
            return word
        } ?? UInt64(truncatingIfNeeded: utf8.count)
    }

    /// Adds the UTF-8 bytes to a hash, without the normalizing that a `String`'s own hash is made with.
    func hashBytes(into hasher: inout Hasher) {
        let isDone: Void? = utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if isDone == nil { for byte in utf8 { hasher.combine(byte) } }
    }
}

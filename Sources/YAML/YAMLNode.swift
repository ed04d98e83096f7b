public import Diagnostics

/// A piece of YAML as it was written, with its place: nothing typed, nothing evaluated yet.
///
/// Aliases are already replaced by what they stand for and merge keys (`<<`) by what they bring in, so a mapping
/// holds each key once.
public struct YAMLNode: Sendable {
    /// What the node is.
    public enum Kind: Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    /// What it is, and what it holds.
    public var kind: Kind
    /// Where it stands. For a scalar this is its first character of content: after the quote, or on the first
    /// line of a block's text, so that a place inside the text can be counted from it.
    public var location: SourceLocation
    /// The explicit tag: `!vault`, `tag:yaml.org,2002:str`; nil if none was written.
    public var tag: String?

    /// Makes one from its parts.
    public init(_ kind: Kind, at location: SourceLocation, tag: String? = nil) {
        self.kind = kind
        self.location = location
        self.tag = tag
    }
}

/// The text of a scalar and how it was written.
public struct YAMLScalar: Sendable, Hashable {
    /// The way a scalar was quoted; only plain ones can be numbers, booleans or null.
    public enum Style: Sendable, Hashable {
        case plain
        case singleQuoted
        case doubleQuoted
        case literal
        case folded
    }

    /// The characters, escapes and folding already undone.
    public var text: String
    /// How it was written.
    public var style: Style

    /// Makes one from its parts.
    public init(text: String, style: Style) {
        self.text = text
        self.style = style
    }
}

extension YAMLNode {
    /// The text, if this is a scalar.
    public var scalarText: String? {
        if case .scalar(let scalar) = kind { scalar.text } else { nil }
    }

    /// The elements, if this is a sequence.
    public var items: [YAMLNode]? {
        if case .sequence(let items) = kind { items } else { nil }
    }

    /// The pairs in the order written, if this is a mapping.
    public var pairs: [(key: YAMLNode, value: YAMLNode)]? {
        if case .mapping(let pairs) = kind { pairs } else { nil }
    }

    /// The pair whose key reads `key`, if this is a mapping that has one.
    public func entry(_ key: String) -> (key: YAMLNode, value: YAMLNode)? {
        pairs?.first { $0.key.scalarText == key }
    }

    /// The value under `key`, if this is a mapping that has it.
    public subscript(_ key: String) -> YAMLNode? { entry(key)?.value }

    /// Whether this is an unquoted null: `~`, `null` or nothing at all.
    public var isNull: Bool {
        guard case .scalar(let scalar) = kind else { return false }
        if let tag { return tag == YAMLTag.null }
        return scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.text)
    }

    /// What a person would call it: `a list`, `a mapping`, `text`.
    public var kindName: String {
        switch kind {
        case .scalar: isNull ? "nothing" : "text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// The tags with a meaning here.
enum YAMLTag {
    static let core = "tag:yaml.org,2002:"
    static let null = core + "null"
    static let bool = core + "bool"
    static let int = core + "int"
    static let float = core + "float"
    static let str = core + "str"
    static let binary = core + "binary"
    static let timestamp = core + "timestamp"
    static let seq = core + "seq"
    static let map = core + "map"
    static let set = core + "set"
    static let omap = core + "omap"
    static let pairs = core + "pairs"
    static let merge = core + "merge"
    static let vault = "!vault"
    static let vaultEncrypted = "!vault-encrypted"
    static let unsafe = "!unsafe"
}

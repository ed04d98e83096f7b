public import Diagnostics
internal import SwiftASN1
internal import Values

/// Who a certificate is about or from: `CN=example.org, O=Example`.
public struct DistinguishedName: Sendable, Hashable {
    public struct Attribute: Sendable, Hashable {
        /// Dotted.
        public var identifier: String
        public var text: String

        public init(identifier: String, text: String) {
            self.identifier = identifier
            self.text = text
        }

        public var name: String { ObjectNames.name(identifier) }
    }

    /// The attributes in their order; those that share a place follow one another.
    public let attributes: [Attribute]
    /// As it stands in the certificate it was read from, or as it is to be written.
    let encoded: [UInt8]

    public static let empty = DistinguishedName(attributes: [], encoded: DER.sequence([]))

    private init(attributes: [Attribute], encoded: [UInt8]) {
        self.attributes = attributes
        self.encoded = encoded
    }

    /// - Throws: `Diagnostic` with code `.badValue` if an attribute cannot hold such a text.
    public init(_ attributes: [Attribute]) throws(Diagnostic) {
        var parts: [[UInt8]] = []
        for attribute in attributes { parts.append(DER.set([try Self.encode(attribute)])) }
        self.init(attributes: attributes, encoded: DER.sequence(parts))
    }

    init(_ node: ASN1Node) throws(Malformed) {
        var attributes: [Attribute] = []
        for set in try node.sequence() {
            for entry in set.children {
                let parts = try entry.sequence(atLeast: 2)
                attributes.append(Attribute(identifier: try parts[0].oid(), text: Self.text(parts[1])))
            }
        }
        self.init(attributes: attributes, encoded: node.encoded)
    }

    // Two names are the same if they say the same, whichever of ASN.1's kinds of text they use.
    public static func == (left: DistinguishedName, right: DistinguishedName) -> Bool {
        left.attributes == right.attributes
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(attributes) }

    /// The kind of text that RFC 5280 (appendix A) wants for an attribute.
    static func encode(_ attribute: Attribute) throws(Diagnostic) -> [UInt8] {
        guard let identifier = DER.oid(attribute.identifier) else {
            throw Diagnostic(.badValue, "'\(attribute.identifier)' is no object identifier")
        }
        let isASCII = attribute.text.utf8.allSatisfy { $0 < 0x80 }
        func refused(_ reason: String) -> Diagnostic {
            Diagnostic(.badValue, "'\(attribute.name)' cannot be '\(attribute.text)': \(reason)")
        }
        guard !attribute.text.isEmpty else { throw refused("it is empty") }
        let value: [UInt8]
        switch attribute.identifier {
        case "2.5.4.6", "1.3.6.1.4.1.311.60.2.1.3":
            guard isASCII, attribute.text.utf8.count == 2 else {
                throw refused("a country is written with two letters, such as DE")
            }
            value = DER.printable(attribute.text)
        case "2.5.4.5", "2.5.4.46":
            guard isASCII else { throw refused("it may hold ASCII only") }
            value = DER.printable(attribute.text)
        case "1.2.840.113549.1.9.1", "0.9.2342.19200300.100.1.25":
            guard isASCII else { throw refused("it may hold ASCII only") }
            value = DER.ia5(attribute.text)
        case "2.5.4.3", "2.5.4.10", "2.5.4.11":
            guard attribute.text.unicodeScalars.count <= 64 else { throw refused("it may be 64 characters long") }
            value = DER.utf8(attribute.text)
        default:
            value = DER.utf8(attribute.text)
        }
        return DER.sequence([identifier, value])
    }

    private static func text(_ node: ASN1Node) -> String {
        let bytes = node.bytes
        switch node.identifier {
        case .bmpString:
            let units = stride(from: 0, to: bytes.count - 1, by: 2).map {
                UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
            }
            return String(decoding: units, as: UTF16.self)
        case .teletexString:
            return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        default:
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    // MARK: As text

    /// `CN=…,O=…`, the last attribute first, as RFC 4514 writes it.
    var reversedText: String {
        attributes.reversed().map { "\(ObjectNames.shortName($0.identifier))=\(Self.escaped($0.text))" }
            .joined(separator: ",")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if "\\,+<>;\"".contains(character) { result.append("\\") }
            result += character == "\0" ? "\\00" : String(character)
        }
        if let first = result.first, first == " " || first == "#" { result = "\\" + result }
        if result.hasSuffix(" ") { result = result.dropLast() + "\\ " }
        return result
    }

    /// Reads `/CN=…/O=…` or `CN=…, O=…`.
    ///
    /// - Throws: `Diagnostic` with code `.badValue`.
    public init(parsing text: String) throws(Diagnostic) {
        var rest = Substring(text).drop { $0 == " " }
        var separator: Character = ","
        if rest.first == "/" {
            separator = "/"
            rest.removeFirst()
        }
        var attributes: [Attribute] = []
        while !rest.isEmpty {
            attributes.append(try Self.component(&rest, until: separator, in: text))
            if !rest.isEmpty { rest.removeFirst() }
        }
        try self.init(attributes)
    }

    /// - Throws: `Diagnostic` with code `.badValue` for a name that is none.
    public static func attribute(named name: String, _ text: String) throws(Diagnostic) -> Attribute {
        guard let identifier = ObjectNames.dotted(name) else {
            throw Diagnostic(
                .badValue, "'\(name)' is no attribute of a name",
                remedy: "Such as commonName, CN, organizationName, O, or a dotted identifier.")
        }
        return Attribute(identifier: identifier, text: text)
    }

    private static func component(
        _ rest: inout Substring, until separator: Character, in whole: String
    ) throws(Diagnostic) -> Attribute {
        guard let equals = rest.firstIndex(of: "=") else {
            throw Diagnostic(.badValue, "'\(whole)' is no name: '\(rest)' lacks a '='", remedy: "Such as /CN=Example.")
        }
        let name = rest[..<equals].filter { $0 != " " }
        rest = rest[rest.index(after: equals)...].drop { $0 == " " }
        var text = ""
        while let character = rest.first, character != separator {
            rest.removeFirst()
            if character == "\\", let next = rest.popFirst() { text.append(next) } else { text.append(character) }
        }
        return try attribute(named: name, text)
    }
}

internal import Diagnostics
internal import SwiftASN1

/// Builds the distinguished encoding of ASN.1 values (X.690), from the inside out.
enum DER {
    static func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [tag]
        if content.count < 0x80 {
            result.append(UInt8(content.count))
        } else {
            var length: [UInt8] = []
            var rest = content.count
            while rest > 0 {
                length.insert(UInt8(rest & 0xFF), at: 0)
                rest >>= 8
            }
            result.append(0x80 | UInt8(length.count))
            result += length
        }
        return result + content
    }

    static func sequence(_ parts: [[UInt8]]) -> [UInt8] { node(0x30, Array(parts.joined())) }
    /// A set of values, in the order of their encodings.
    static func set(_ parts: [[UInt8]]) -> [UInt8] {
        node(0x31, Array(parts.sorted { $0.lexicographicallyPrecedes($1) }.joined()))
    }

    static func boolean(_ value: Bool) -> [UInt8] { node(0x01, [value ? 0xFF : 0]) }
    static let null: [UInt8] = [0x05, 0]
    static func octets(_ bytes: [UInt8]) -> [UInt8] { node(0x04, bytes) }
    static func bits(_ bytes: [UInt8], unused: UInt8 = 0) -> [UInt8] { node(0x03, [unused] + bytes) }
    static func utf8(_ text: String) -> [UInt8] { node(0x0C, Array(text.utf8)) }
    static func printable(_ text: String) -> [UInt8] { node(0x13, Array(text.utf8)) }
    static func ia5(_ text: String) -> [UInt8] { node(0x16, Array(text.utf8)) }

    /// A number of any size, without a sign.
    ///
    /// - Parameter magnitude: Its bytes, the most significant first.
    static func integer(_ magnitude: [UInt8]) -> [UInt8] { node(0x02, content(ofInteger: magnitude)) }

    /// A whole number without its tag and length, with a leading zero where it would look negative.
    static func content(ofInteger magnitude: [UInt8]) -> [UInt8] {
        var bytes = Array(magnitude.drop { $0 == 0 })
        if bytes.first.map({ $0 & 0x80 != 0 }) ?? true { bytes.insert(0, at: 0) }
        return bytes
    }

    static func integer(_ value: Int) -> [UInt8] {
        integer(withUnsafeBytes(of: UInt64(max(0, value)).bigEndian, Array.init))
    }

    /// A tag of the context around a whole value.
    static func explicit(_ number: UInt8, _ value: [UInt8]) -> [UInt8] { node(0xA0 | number, value) }
    /// A tag of the context in a simple value's tag's place.
    static func implicit(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { node(0x80 | number, content) }

    /// An object identifier in dotted form; nil if it is none.
    static func oid(_ dotted: String) -> [UInt8]? {
        guard let identifier = try? ASN1ObjectIdentifier(dotRepresentation: dotted) else { return nil }
        var serializer = SwiftASN1.DER.Serializer()
        guard (try? serializer.serialize(identifier)) != nil else { return nil }
        return serializer.serializedBytes
    }

    /// An object identifier that stands in this program.
    static func known(_ dotted: StaticString) -> [UInt8] { oid(dotted.description) ?? null }
}

/// What is wrong with bytes that should be DER; its reader says what they should have been.
struct Malformed: Error {}

extension ASN1Node {
    static func parse(_ bytes: [UInt8]) throws(Malformed) -> ASN1Node {
        do { return try SwiftASN1.DER.parse(bytes) } catch { throw Malformed() }
    }

    static func parse(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> ASN1Node { try parse(Array(bytes)) }

    var encoded: [UInt8] { Array(encodedBytes) }

    /// The values inside a constructed one.
    var children: [ASN1Node] {
        guard case .constructed(let nodes) = content else { return [] }
        return Array(IteratorSequence(nodes.makeIterator()))
    }

    /// The bytes of a simple value.
    var bytes: [UInt8] {
        guard case .primitive(let bytes) = content else { return [] }
        return Array(bytes)
    }

    /// A sequence's values.
    func sequence(atLeast count: Int = 0) throws(Malformed) -> [ASN1Node] {
        let children = children
        guard identifier == .sequence, children.count >= count else { throw Malformed() }
        return children
    }

    func oid() throws(Malformed) -> String {
        do { return try ASN1ObjectIdentifier(derEncoded: self).description } catch { throw Malformed() }
    }

    /// A bit string's bytes, whole ones only.
    func wholeBits() throws(Malformed) -> [UInt8] {
        let bytes = bytes
        guard identifier == .bitString, bytes.first == 0 else { throw Malformed() }
        return Array(bytes.dropFirst())
    }

    /// The number of a tag of the context.
    var contextTag: UInt? { identifier.tagClass == .contextSpecific ? identifier.tagNumber : nil }
}

/// Text around DER, as RFC 7468 has it.
public enum PEM {
    /// The first block with one of the labels, such as `CERTIFICATE`.
    public static func bytes(_ text: String, _ labels: String...) -> [UInt8]? {
        guard let documents = try? PEMDocument.parseMultiple(pemString: text) else { return nil }
        return documents.first { labels.contains($0.discriminator) }?.derBytes
    }

    public static func text(_ bytes: [UInt8], _ label: String) -> String {
        PEMDocument(type: label, derBytes: bytes).pemString + "\n"
    }
}

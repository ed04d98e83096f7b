import Results
import Values
import X509

/// What certificates and requests for them say, as values.
enum CertificateWords {
    static func of(_ subject: DistinguishedName, _ extensions: [Extension]) -> ValueMap {
        var values = of(extensions)
        values["subject"] = map(subject)
        values["subject_ordered"] = list(subject)
        return values
    }

    static func map(_ name: DistinguishedName) -> Value {
        var map = ValueMap()
        for attribute in name.attributes { map[attribute.name] = .string(attribute.text) }
        return .map(map)
    }

    static func list(_ name: DistinguishedName) -> Value {
        .list(name.attributes.map { .list([.string($0.name), .string($0.text)]) })
    }

    /// The extensions under the names that `x509_certificate_info` gives them.
    static func of(_ extensions: [Extension]) -> ValueMap {
        typealias Kind = Extension.Kind
        func texts(_ texts: [String]?) -> Value { texts.map { .list($0.map { .string($0) }) } ?? .null }
        func isCritical(_ kind: String) -> Value { .bool(extensions.first(kind)?.isCritical ?? false) }
        let authority = extensions.first(Kind.authorityKeyIdentifier)?.authority
        let identifier = extensions.first(Kind.subjectKeyIdentifier)?.keyIdentifier
        return [
            "key_usage": texts(extensions.first(Kind.keyUsage)?.keyUsageNames),
            "key_usage_critical": isCritical(Kind.keyUsage),
            "extended_key_usage": texts(extensions.first(Kind.extendedKeyUsage)?.purposes),
            "extended_key_usage_critical": isCritical(Kind.extendedKeyUsage),
            "basic_constraints": texts(extensions.first(Kind.basicConstraints)?.constraints),
            "basic_constraints_critical": isCritical(Kind.basicConstraints),
            "ocsp_must_staple": extensions.first(Kind.tlsFeature)?.asksForStaple.map { .bool($0) } ?? .null,
            "ocsp_must_staple_critical": isCritical(Kind.tlsFeature),
            "subject_alt_name": texts(extensions.first(Kind.subjectAltName)?.names?.map(\.text)),
            "subject_alt_name_critical": isCritical(Kind.subjectAltName),
            "subject_key_identifier": identifier.map { .string(Hex.text($0)) } ?? .null,
            "authority_key_identifier": authority?.key.map { .string(Hex.text($0)) } ?? .null,
            "authority_cert_issuer": texts(authority?.issuer?.map(\.text)),
            "authority_cert_serial_number": authority?.serial.map(number) ?? .null,
        ]
    }

    /// A number as a number, where it fits; as decimal text otherwise.
    static func number(_ number: Number) -> Value {
        // A certificate's numbers are short: longer ones than are read are nobody's.
        if case .number(let whole) = WholeNumber.read(number.text) { whole.value } else { .string(number.text) }
    }

    /// What differs, setting by setting.
    ///
    /// - Parameter otherwise: What is said where all that is said is the same.
    static func difference(_ before: ValueMap?, _ after: ValueMap, otherwise: String) -> [Change.Part] {
        var parts: [Change.Part] = []
        for (name, value) in after where name.text != "subject_ordered" {
            let old = before?[name] ?? .null
            if old != value, before != nil || !(value.isNull || value == .bool(false)) {
                parts.append(.setting(name.text, before: old, after: value))
            }
        }
        return parts.isEmpty ? [.action(otherwise)] : parts
    }
}

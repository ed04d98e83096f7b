import Diagnostics
import Results
import Target
import Values
import X509

/// What a certificate says, as `community.crypto.x509_certificate_info` tells it.
struct CertificateInfoModule: Module {
    static let manual = ModuleManual(
        name: "community.crypto.x509_certificate_info",
        summary: "Tell what a certificate says.",
        arguments: [
            .optional("path", .path, "The certificate on the host, in PEM or DER."),
            .optional("content", .string, "The certificate itself, in PEM."),
            .optional("valid_at", .raw, "Moments by names of yours, such as `soon: +2w`: is it valid then?"),
            Argument(
                "name_encoding", .string, "How domains are told; they are told as they stand.", default: "ignore",
                choices: ["ignore", "idna", "unicode"]),
            .optional(
                "select_crypto_backend", .string, "All values mean the same.", default: "auto",
                choices: ["auto", "cryptography"]),
        ],
        diff: "none",
        example: """
            - community.crypto.x509_certificate_info:
                path: /etc/ssl/example.org.crt
                valid_at:
                  soon: +3w
              register: certificate
            - ansible.builtin.assert:
                that: certificate.valid_at.soon
            """,
        exclusive: [["path", "content"]], oneOf: [["path", "content"]]
    )

    private let path: String?
    private let content: String?
    private let moments: [(name: String, text: String)]

    init(_ arguments: Arguments) throws(Diagnostic) {
        path = arguments.optionalString("path")
        content = arguments.optionalString("content")
        if let encoding = arguments.optionalString("name_encoding"), encoding != "ignore" {
            throw Diagnostic(
                .unsupported, "'name_encoding: \(encoding)' is not supported", at: arguments.location,
                remedy: "Leave it out: domains are told as they stand in the certificate.")
        }
        var moments: [(String, String)] = []
        if let value = arguments["valid_at"] {
            guard let map = value.mapValue else {
                throw Diagnostic(.badValue, "'valid_at' is no map of names and times", at: arguments.location)
            }
            for (name, value) in map {
                guard case .string(let text) = value, UTC.seconds(text.string, from: 0) != nil else {
                    throw Diagnostic(
                        .badValue, "valid_at: '\(name.text)' is '\(value.pythonText)'", at: arguments.location,
                        remedy: "Write a time from now such as +3w, or a moment such as 20300131120000Z, in quotes.")
                }
                moments.append((name.text, text.string))
            }
        }
        self.moments = moments
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        var bytes = content.map { Array($0.utf8) }
        if let path, let effect = target.foreseen.effect(at: path), effect.kind != .absent, effect.content == nil {
            return .unknown(Unknown("what an earlier task leaves in '\(path)'"), ())
        }
        let answer = try await target.query(Self.read, path ?? "")
        var fields = FieldReader(answer.stdout)
        let now = Int(fields.next()) ?? 0
        if let path {
            if let effect = target.foreseen.effect(at: path) {
                bytes = effect.kind == .absent ? nil : effect.content
            } else {
                switch fields.next() {
                case "file": bytes = fields.remainder()
                case "denied":
                    throw Diagnostic(
                        .failed, "cannot read '\(path)': permission denied", remedy: "Become root with `become: true`.",
                        host: target.hostName)
                default: break
                }
            }
            if bytes == nil { throw Diagnostic(.failed, "'\(path)' does not exist", host: target.hostName) }
        }
        let certificate = try Certificate(bytes ?? [], name: path.map { "'\($0)'" } ?? "'content'")
        return .asWanted(.ok(values(certificate, now)))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        throw Diagnostic(.internal, "there is nothing to do")
    }

    private func values(_ certificate: Certificate, _ now: Int) -> ValueMap {
        typealias Kind = Extension.Kind
        var values = CertificateWords.of(certificate.subject, certificate.extensions)
        values["issuer"] = CertificateWords.map(certificate.issuer)
        values["issuer_ordered"] = CertificateWords.list(certificate.issuer)
        values["version"] = .int(certificate.version)
        values["serial_number"] = CertificateWords.number(certificate.serial)
        values["signature_algorithm"] = .string(ObjectNames.name(certificate.signatureAlgorithm))
        values["not_before"] = .string(UTC.text(certificate.notBefore))
        values["not_after"] = .string(UTC.text(certificate.notAfter))
        values["expired"] = .bool(certificate.notAfter < now)
        values["public_key"] = .string(certificate.key.pem)
        values["fingerprints"] = Fingerprints.values(certificate.bytes)
        values["public_key_fingerprints"] = Fingerprints.values(certificate.key.info)
        let (type, data) = Self.words(certificate.key)
        values["public_key_type"] = .string(type)
        values["public_key_data"] = .map(data)
        let information = certificate.extensions.first(Kind.authorityInformation)
        values["ocsp_uri"] = information?.address(for: "1.3.6.1.5.5.7.48.1").map { .string($0) } ?? .null
        values["issuer_uri"] = information?.address(for: "1.3.6.1.5.5.7.48.2").map { .string($0) } ?? .null
        var extensions = ValueMap()
        for entry in certificate.extensions {
            extensions[entry.identifier] = .map([
                "critical": .bool(entry.isCritical), "value": .string(Base64.encode(entry.value)),
            ])
        }
        values["extensions_by_oid"] = .map(extensions)
        var valid = ValueMap()
        for (name, text) in moments {
            let moment = UTC.seconds(text, from: now) ?? 0
            valid[name] = .bool(certificate.notBefore <= moment && moment <= certificate.notAfter)
        }
        values["valid_at"] = .map(valid)
        return values
    }

    private static func words(_ key: PublicKey) -> (type: String, data: ValueMap) {
        func number(_ number: Number) -> Value { CertificateWords.number(number) }
        switch key.kind {
        case .rsa(let modulus, let exponent):
            return (
                "RSA", ["size": .int(modulus.bitCount), "modulus": number(modulus), "exponent": number(exponent)]
            )
        case .dsa(let p, let q, let g, let y):
            return (
                "DSA",
                ["size": .int(p.bitCount), "p": number(p), "q": number(q), "g": number(g), "y": number(y)]
            )
        case .elliptic(let dotted, let point):
            let curve = PublicKey.curves.first { $0.dotted == dotted }
            var data: ValueMap = ["curve": .string(curve?.name ?? dotted)]
            if let curve { data["exponent_size"] = .int(curve.bits) }
            // Two coordinates behind a byte that says so.
            if point.first == 4, point.count % 2 == 1, point.count > 1 {
                let half = point.count / 2
                data["x"] = number(Number(bytes: Array(point[1...half])))
                data["y"] = number(Number(bytes: Array(point[(half + 1)...])))
            }
            return ("ECC", data)
        case .ed25519: return ("Ed25519", [:])
        case .ed448: return ("Ed448", [:])
        case .x25519: return ("X25519", [:])
        case .x448: return ("X448", [:])
        case .other(let dotted): return ("unknown (\(dotted))", [:])
        }
    }

    /// `$1` the file, if there is one. The time; `file` and its bytes, or why there are none.
    private static let read: Script =
        ReadingScripts.expand + #"""
            printf '%s\0' "$(date +%s)"
            [ -n "$1" ] || exit 0
            sp_expand "$1"
            if ! [ -f "$p" ]; then printf 'absent\0'; exit 0; fi
            if ! [ -r "$p" ]; then printf 'denied\0'; exit 0; fi
            printf 'file\0'
            cat -- "$p"
            """#
}

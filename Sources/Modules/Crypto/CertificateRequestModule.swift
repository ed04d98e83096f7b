import Diagnostics
import Results
import Target
import Values
import X509

/// Certificate signing requests, as `community.crypto.openssl_csr` makes them.
struct CertificateRequestModule: Module {
    private let output: CryptoOutput
    private let key: SigningKey
    private let digest: String
    private let subject: DistinguishedName
    private let isOrdered: Bool
    private let extensions: [Extension]
    private let createsKeyIdentifier: Bool
    private let isForced: Bool
    private let returnsContent: Bool
    private let told: ValueMap

    init(_ arguments: Arguments) throws(Diagnostic) {
        output = try CryptoOutput(arguments)
        isForced = arguments.bool("force")
        returnsContent = arguments.bool("return_content")
        digest = try arguments.string("digest")
        key = SigningKey(arguments, "privatekey")
        isOrdered = !arguments.list("subject_ordered").isEmpty
        createsKeyIdentifier = arguments.bool("create_subject_key_identifier")
        do throws(Diagnostic) {
            if output.isWanted { try key.require("privatekey", "openssl_csr") }
            let given = try Self.subject(arguments)
            subject = try DistinguishedName(given.map(\.attribute))
            (extensions, told) = try Self.extensions(arguments, given)
        } catch {
            throw error.located(at: arguments.location)
        }
    }

    // MARK: What it is to say

    /// An attribute with the name that the task gives it.
    private typealias Given = (name: String, attribute: DistinguishedName.Attribute)

    private static func subject(_ arguments: Arguments) throws(Diagnostic) -> [Given] {
        let fields = [
            ("country_name", "C"), ("state_or_province_name", "ST"), ("locality_name", "L"),
            ("organization_name", "O"), ("organizational_unit_name", "OU"), ("common_name", "CN"),
            ("email_address", "emailAddress"),
        ]
        var attributes: [Given] = []
        func add(_ name: String, _ value: Value) throws(Diagnostic) {
            for text in value.elements ?? [value] {
                attributes.append((name, try DistinguishedName.attribute(named: name, text.pythonText)))
            }
        }
        for (name, attribute) in fields {
            guard let text = arguments.optionalString(name), !text.isEmpty else { continue }
            try add(attribute, .string(text))
        }
        for (name, value) in try map(arguments["subject"], "subject") { try add(name.text, value) }
        let ordered = arguments.list("subject_ordered")
        if !ordered.isEmpty, !attributes.isEmpty {
            throw Diagnostic(.badValue, "'subject_ordered' cannot be used with other attributes of the name")
        }
        for entry in ordered {
            for (name, value) in try map(entry, "subject_ordered") { try add(name.text, value) }
        }
        return attributes
    }

    private static func map(_ value: Value?, _ name: String) throws(Diagnostic) -> ValueMap {
        guard let value, !value.isNull else { return [:] }
        guard let map = value.mapValue else {
            throw Diagnostic(.badValue, "'\(name)' holds \(value.pythonText), not a map of attributes and texts")
        }
        return map
    }

    private static func names(_ arguments: Arguments, _ name: String) throws(Diagnostic) -> [GeneralName] {
        try names(arguments.strings(name), name)
    }

    private static func names(_ texts: [String], _ what: String) throws(Diagnostic) -> [GeneralName] {
        var names: [GeneralName] = []
        for text in texts { names.append(try GeneralName(text, what: what)) }
        return names
    }

    private static func identifier(_ arguments: Arguments, _ name: String) throws(Diagnostic) -> [UInt8]? {
        guard let text = arguments.optionalString(name) else { return nil }
        guard let bytes = Hex.bytes(text), !bytes.isEmpty else {
            throw Diagnostic(.badValue, "'\(name)' is '\(text)'", remedy: "Write bytes such as 00:11:22:33.")
        }
        return bytes
    }

    /// All extensions but the key's own identifier where that is made from the key, and what is told of them.
    private static func extensions(
        _ arguments: Arguments, _ subject: [Given]
    ) throws(Diagnostic) -> ([Extension], ValueMap) {
        var extensions: [Extension] = []
        var texts = arguments.strings("subject_alt_name")
        if texts.isEmpty, arguments.bool("use_common_name_for_san"),
            let name = subject.first(where: { $0.attribute.name == "commonName" })?.attribute.text
        {
            texts = ["DNS:\(name)"]
        }
        if !texts.isEmpty {
            let names = try names(texts, "subject_alt_name")
            extensions.append(.subjectAltName(names, critical: arguments.bool("subject_alt_name_critical")))
        }
        let usages = arguments.strings("key_usage")
        if !usages.isEmpty {
            extensions.append(try .keyUsage(usages, critical: arguments.bool("key_usage_critical")))
        }
        let purposes = arguments.strings("extended_key_usage")
        if !purposes.isEmpty {
            extensions.append(
                try .extendedKeyUsage(purposes, critical: arguments.bool("extended_key_usage_critical")))
        }
        let constraints = arguments.strings("basic_constraints")
        if !constraints.isEmpty {
            extensions.append(
                try .basicConstraints(constraints, critical: arguments.bool("basic_constraints_critical")))
        }
        if arguments.bool("ocsp_must_staple") {
            extensions.append(.mustStaple(critical: arguments.bool("ocsp_must_staple_critical")))
        }
        let permitted = try names(arguments, "name_constraints_permitted")
        let excluded = try names(arguments, "name_constraints_excluded")
        if !permitted.isEmpty || !excluded.isEmpty {
            extensions.append(
                .nameConstraints(
                    permitted: permitted, excluded: excluded, critical: arguments.bool("name_constraints_critical")))
        }
        if let bytes = try identifier(arguments, "subject_key_identifier") {
            if arguments.bool("create_subject_key_identifier") {
                throw Diagnostic(
                    .badValue, "'subject_key_identifier' cannot be used with 'create_subject_key_identifier'",
                    remedy: "Give one of them.")
            }
            extensions.append(.subjectKeyIdentifier(bytes))
        }
        let authority = try identifier(arguments, "authority_key_identifier")
        let issuer = arguments["authority_cert_issuer"] == nil ? nil : try names(arguments, "authority_cert_issuer")
        let serial = try arguments.optionalString("authority_cert_serial_number").map { text throws(Diagnostic) in
            guard let number = Number(decimal: text) else {
                throw Diagnostic(
                    .badValue, "'authority_cert_serial_number' is no number in decimal: '\(text)'",
                    remedy: "Give it as the certificate has it, such as 4711; negative ones there are none.")
            }
            return number
        }
        if (issuer == nil) != (serial == nil) {
            throw Diagnostic(
                .missingArgument, "'authority_cert_issuer' and 'authority_cert_serial_number' go together")
        }
        if authority != nil || issuer != nil {
            extensions.append(.authorityKeyIdentifier(authority, issuer: issuer, serial: serial))
        }
        let points = try points(arguments)
        if !points.isEmpty { extensions.append(try .crlDistributionPoints(points)) }
        return (
            extensions,
            [
                "subject": .list(subject.map { .list([.string($0.name), .string($0.attribute.text)]) }),
                "subjectAltName": texts.isEmpty ? .null : .list(texts.map { .string($0) }),
                "keyUsage": arguments["key_usage"] ?? .null,
                "extendedKeyUsage": arguments["extended_key_usage"] ?? .null,
                "basicConstraints": arguments["basic_constraints"] ?? .null,
                "ocspMustStaple": .bool(arguments.bool("ocsp_must_staple")),
                "name_constraints_permitted": .list(arguments.list("name_constraints_permitted")),
                "name_constraints_excluded": .list(arguments.list("name_constraints_excluded")),
            ]
        )
    }

    private static func points(_ arguments: Arguments) throws(Diagnostic) -> [Extension.DistributionPoint] {
        var points: [Extension.DistributionPoint] = []
        for entry in arguments.list("crl_distribution_points") {
            func strings(_ name: String) -> [String] { entry[name].elements?.map(\.pythonText) ?? [] }
            let relative = strings("relative_name")
            if !relative.isEmpty, !strings("full_name").isEmpty {
                throw Diagnostic(
                    .badValue, "crl_distribution_points: 'full_name' and 'relative_name' cannot be used together")
            }
            var attributes: [DistinguishedName.Attribute] = []
            for text in relative { attributes += try DistinguishedName(parsing: text).attributes }
            var reasons: [Int] = []
            for name in strings("reasons") {
                guard let place = Extension.DistributionPoint.reasonNames.firstIndex(of: name) else {
                    throw Diagnostic(
                        .badValue, "crl_distribution_points: '\(name)' is no reason",
                        remedy: "One of \(Extension.DistributionPoint.reasonNames.joined(separator: ", ")).")
                }
                reasons.append(place)
            }
            points.append(
                .init(
                    fullName: try names(strings("full_name"), "crl_distribution_points"), relativeName: attributes,
                    issuer: try names(strings("crl_issuer"), "crl_distribution_points"), reasons: reasons))
        }
        return points
    }

    // MARK: Plan

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<SignedFile> {
        guard output.isWanted else {
            return try await output.planRemoval(target, values(output.path))
                .map { SignedFile(output: $0, values: values(output.path)) }
        }
        let questions = [key.question, .file(output.path)]
        guard let found = try await CryptoHost.ask(output.path, output.attributes, questions, on: target) else {
            return try target.lacking("openssl", remedy: CryptoHost.missingProgram, step: SignedFile(output: .none))
        }
        let publicKey = try CryptoHost.usable(
            found.answers[0], key.words, passphrase: key.passphrase, host: target.hostName)
        var existing: String?
        if case .file(let bytes) = found.answers[1] { existing = String(decoding: bytes, as: UTF8.self) }
        if case .awaited(let unknown) = found.answers[1] { return .unknown(unknown, SignedFile(output: .none)) }
        let before = existing.flatMap { try? SigningRequest($0, name: output.path) }
        var step = SignedFile(output: .none, values: values(found.place.path), existing: existing)
        var extensions = extensions
        if let publicKey {
            step.algorithm = try SignatureAlgorithm(publicKey, digest: digest)
            if createsKeyIdentifier { extensions.append(.subjectKeyIdentifier(publicKey.identifier)) }
            step.content = SigningRequest.content(subject: subject, key: publicKey, extensions: extensions)
        } else if before != nil, !isForced {
            // Another key is on its way; whether the request is of it is seen then.
            return .unknown(Unknown("what key '\(key.path ?? "")' will hold"), step)
        }
        let isWanted = before.map { isSame($0, publicKey, extensions) } ?? false
        var parts: [Change.Part]?
        if !isWanted || isForced {
            parts = CertificateWords.difference(
                before.map { CertificateWords.of($0.subject, $0.extensions) },
                CertificateWords.of(subject, extensions), otherwise: "the request would be signed with the key")
        }
        guard let (change, put) = try output.plan(found, makes: parts, target) else {
            if returnsContent { step.values["csr"] = existing.map { .string($0) } ?? .null }
            return .asWanted(.ok(step.values))
        }
        step.output = put
        return .change(change, step, foreseen: .changed(step.values))
    }

    private func isSame(_ request: SigningRequest, _ key: PublicKey?, _ extensions: [Extension]) -> Bool {
        guard request.key == key, request.isSignedByItsKey != false, request.extensions.mean(extensions) else {
            return false
        }
        let found = request.subject.attributes
        return isOrdered ? found == subject.attributes : Set(found) == Set(subject.attributes)
    }

    private func values(_ path: String) -> ValueMap {
        told.merging(["filename": .string(path), "privatekey": key.path.map { .string($0) } ?? .null])
    }

    func apply(_ step: SignedFile, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await step.apply(
            output, signer: key, returning: returnsContent ? "csr" : nil, on: target, pem: SigningRequest.pem)
    }
}

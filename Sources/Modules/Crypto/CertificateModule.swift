import Diagnostics
import Results
import Target
import Values
import X509

/// Certificates, as `community.crypto.x509_certificate` makes them: signed by their own key or by an authority whose
/// key is on the host.
struct CertificateModule: Module {
    private enum Provider { case selfSigned, authority }

    private let output: CryptoOutput
    private let provider: Provider
    private let key: SigningKey
    private let request: (path: String?, content: String?)
    private let authority: (path: String?, content: String?)
    private let authorityKey: SigningKey
    private let digest: String
    private let notBefore: String
    private let notAfter: String
    private let ignoresTimes: Bool
    private let keyIdentifier: String
    private let createsAuthorityIdentifier: Bool
    private let isForced: Bool
    private let returnsContent: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        output = try CryptoOutput(arguments)
        isForced = arguments.bool("force")
        returnsContent = arguments.bool("return_content")
        ignoresTimes = arguments.bool("ignore_timestamps")
        key = SigningKey(arguments, "privatekey")
        request = (arguments.optionalString("csr_path"), arguments.optionalString("csr_content"))
        authority = (arguments.optionalString("ownca_path"), arguments.optionalString("ownca_content"))
        authorityKey = SigningKey(arguments, "ownca_privatekey")
        let isOwn = arguments.optionalString("provider") == "ownca"
        provider = isOwn ? .authority : .selfSigned
        let prefix = isOwn ? "ownca" : "selfsigned"
        digest = try arguments.string("\(prefix)_digest")
        notBefore = try arguments.string("\(prefix)_not_before")
        notAfter = try arguments.string("\(prefix)_not_after")
        keyIdentifier = try arguments.string("\(prefix)_create_subject_key_identifier")
        createsAuthorityIdentifier = isOwn && arguments.bool("ownca_create_authority_key_identifier")
        guard output.isWanted else { return }
        do throws(Diagnostic) {
            switch arguments.optionalString("provider") {
            case "selfsigned": try key.require("privatekey", "the provider 'selfsigned'")
            case "ownca":
                try authorityKey.require("ownca_privatekey", "the provider 'ownca'")
                guard authority.path != nil || authority.content != nil else {
                    throw Diagnostic(
                        .missingArgument, "the provider 'ownca' needs one of 'ownca_path' and 'ownca_content'",
                        remedy: "Name the authority's certificate.")
                }
                guard request.path != nil || request.content != nil else {
                    throw Diagnostic(
                        .missingArgument, "the provider 'ownca' needs one of 'csr_path' and 'csr_content'",
                        remedy: "Make a request with openssl_csr first.")
                }
            case "acme":
                throw Diagnostic(
                    .unsupported, "the provider 'acme' needs a program in Python on the host",
                    remedy: "Use certbot with a `command` task and `creates`.")
            default:
                throw Diagnostic(
                    .missingArgument, "x509_certificate needs 'provider'", remedy: "One of selfsigned and ownca.")
            }
            for (name, text) in [("not_before", notBefore), ("not_after", notAfter)]
            where UTC.seconds(text, from: 0) == nil {
                throw Diagnostic(
                    .badValue, "'\(prefix)_\(name)' is '\(text)'",
                    remedy: "Write a time from now such as +52w or +365d12h, or a moment such as 20300131120000Z.")
            }
        } catch {
            throw error.located(at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<SignedFile> {
        guard output.isWanted else {
            let values: ValueMap = ["filename": .string(output.path)]
            return try await output.planRemoval(target, values).map { SignedFile(output: $0, values: values) }
        }
        var questions: [CryptoHost.Question] = [.file(output.path)]
        func place(_ question: CryptoHost.Question?) -> Int? {
            guard let question else { return nil }
            questions.append(question)
            return questions.count - 1
        }
        let requestPlace = place(request.path.map { .file($0) })
        let keyPlace = place(key.isGiven ? key.question : nil)
        let authorityPlace = place(provider == .authority ? authority.path.map { .file($0) } : nil)
        let authorityKeyPlace = place(provider == .authority ? authorityKey.question : nil)
        guard let found = try await CryptoHost.ask(output.path, output.attributes, questions, on: target) else {
            return try target.lacking("openssl", remedy: CryptoHost.missingProgram, step: SignedFile(output: .none))
        }
        var existing: String?
        if case .file(let bytes) = found.answers[0] { existing = String(decoding: bytes, as: UTF8.self) }
        var step = SignedFile(output: .none, values: ["filename": .string(found.place.path)], existing: existing)
        if case .awaited(let unknown) = found.answers[0] { return .unknown(unknown, step) }

        // What an earlier task of this dry run makes cannot be looked into; a certificate that is missing or forced
        // is made all the same.
        let inputs = [requestPlace, keyPlace, authorityPlace, authorityKeyPlace].compactMap {
            $0.map { found.answers[$0] }
        }
        for case .awaited(let unknown) in inputs {
            if existing != nil, !isForced { return .unknown(unknown, step) }
            guard
                let (change, put) = try output.plan(found, makes: [.action("a certificate would be made")], target)
            else { return .unknown(unknown, step) }
            step.output = put
            return .change(change, step, foreseen: .changed(step.values))
        }
        let wish = try wish(
            found, request: requestPlace.map { found.answers[$0] }, key: keyPlace.map { found.answers[$0] },
            authority: authorityPlace.map { found.answers[$0] },
            authorityKey: authorityKeyPlace.map { found.answers[$0] },
            host: target.hostName)
        let before = existing.flatMap { try? Certificate(Array($0.utf8), name: output.path) }
        let isWanted = !isForced && (before.map { isSame($0, wish) } ?? false)
        step.algorithm = wish.algorithm
        step.content = wish.content.encoded(wish.algorithm)
        var parts: [Change.Part]?
        if !isWanted {
            parts = CertificateWords.difference(
                before.map { CertificateWords.of($0.subject, $0.extensions) },
                CertificateWords.of(wish.content.subject, wish.content.extensions),
                otherwise: "the certificate would be made anew")
        }
        var foreseen = step.values
        if isWanted, let before {
            step.values.merge(told(before.notBefore, before.notAfter, before.serial))
            foreseen = step.values
        } else {
            // They are made anew by a run, which may come later.
            step.values.merge(told(wish.content.notBefore, wish.content.notAfter, Number(bytes: wish.content.serial)))
            foreseen = step.values
            foreseen["serial_number"] = .unknown(Unknown("the number of a new certificate"))
            for (name, text) in [("notBefore", notBefore), ("notAfter", notAfter)] where "+-".contains(text.prefix(1)) {
                foreseen[name] = .unknown(Unknown("when the run is"))
            }
        }
        guard let (change, put) = try output.plan(found, makes: parts, target) else {
            if returnsContent { step.values["certificate"] = existing.map { .string($0) } ?? .null }
            return .asWanted(.ok(step.values))
        }
        step.output = put
        return .change(change, step, foreseen: .changed(foreseen))
    }

    // MARK: What is wanted

    private struct Wish {
        var content: Certificate.Content
        var algorithm: SignatureAlgorithm
        var request: SigningRequest?
        /// The key the task names for the certificate, if it names one.
        var key: PublicKey?
        /// Whose signature it carries.
        var signer: PublicKey
        /// What its identifier of the authority is to be.
        var authorityIdentifier: Extension?
    }

    private func wish(
        _ found: CryptoHost, request: CryptoHost.Answer?, key: CryptoHost.Answer?, authority: CryptoHost.Answer?,
        authorityKey: CryptoHost.Answer?, host: String
    ) throws(Diagnostic) -> Wish {
        var publicKey: PublicKey?
        if let key {
            publicKey = try CryptoHost.usable(key, self.key.words, passphrase: self.key.passphrase, host: host)
        }
        let request = try read(request, self.request, "csr", host).map { (bytes, name) throws(Diagnostic) in
            try SigningRequest(String(decoding: bytes, as: UTF8.self), name: name)
        }
        let (subject, issuer, certified, signer): (DistinguishedName, DistinguishedName, PublicKey, PublicKey)
        var authorityIdentifier: Extension?
        switch provider {
        case .selfSigned:
            guard let publicKey else { throw Diagnostic(.internal, "no private key") }
            subject = request?.subject ?? .empty
            (issuer, certified, signer) = (subject, publicKey, publicKey)
        case .authority:
            guard let request, let (bytes, name) = try read(authority, self.authority, "ownca", host), let authorityKey,
                let key = try CryptoHost.usable(
                    authorityKey, self.authorityKey.words, passphrase: self.authorityKey.passphrase, host: host)
            else { throw Diagnostic(.internal, "no authority") }
            let certificate = try Certificate(bytes, name: name)
            guard certificate.key == key else {
                throw Diagnostic(
                    .failed, "\(self.authorityKey.words) does not belong to the authority's certificate", host: host)
            }
            (subject, certified, issuer, signer) = (request.subject, request.key, certificate.subject, key)
            if createsAuthorityIdentifier {
                let identifier = certificate.extensions.first(Extension.Kind.subjectKeyIdentifier)?.keyIdentifier
                authorityIdentifier = .authorityKeyIdentifier(
                    identifier ?? certificate.key.identifier, issuer: nil, serial: nil)
            }
        }
        var extensions = request?.extensions ?? []
        if keyIdentifier == "always_create" {
            extensions.removeAll { $0.identifier == Extension.Kind.subjectKeyIdentifier }
        }
        if authorityIdentifier != nil {
            extensions.removeAll { $0.identifier == Extension.Kind.authorityKeyIdentifier }
        }
        if keyIdentifier != "never_create", extensions.first(Extension.Kind.subjectKeyIdentifier) == nil {
            extensions.append(.subjectKeyIdentifier(certified.identifier))
        }
        if let authorityIdentifier { extensions.append(authorityIdentifier) }
        guard let from = UTC.seconds(notBefore, from: found.now), let until = UTC.seconds(notAfter, from: found.now)
        else {
            throw Diagnostic(.internal, "times were checked before")
        }
        guard from < until else {
            throw Diagnostic(.badValue, "the certificate would end before it begins", host: host)
        }
        var generator = SystemRandomNumberGenerator()
        var serial = (0..<20).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        // Positive, and as long as RFC 5280 allows.
        serial[0] = serial[0] & 0x7F | 0x40
        return Wish(
            content: .init(
                serial: serial, issuer: issuer, subject: subject, key: certified, extensions: extensions,
                notBefore: from, notAfter: until),
            algorithm: try SignatureAlgorithm(signer, digest: digest), request: request, key: publicKey,
            signer: signer, authorityIdentifier: authorityIdentifier)
    }

    /// A file's bytes or a content's, and what to call them.
    private func read(
        _ answer: CryptoHost.Answer?, _ given: (path: String?, content: String?), _ argument: String, _ host: String
    ) throws(Diagnostic) -> ([UInt8], String)? {
        if let content = given.content { return (Array(content.utf8), "'\(argument)_content'") }
        guard let answer, let path = given.path else { return nil }
        guard case .file(let bytes) = answer else {
            throw Diagnostic(.failed, "'\(argument)_path': '\(path)' does not exist", host: host)
        }
        return (bytes, "'\(path)'")
    }

    // MARK: Whether it is there

    private func isSame(_ found: Certificate, _ wish: Wish) -> Bool {
        if let key = wish.key, found.key != key { return false }
        if found.isSigned(by: wish.signer) == false || found.issuer != wish.content.issuer { return false }
        if let request = wish.request {
            guard request.isSignedByItsKey != false, request.key == found.key, request.subject == found.subject,
                extensions(found.extensions).mean(extensions(request.extensions))
            else { return false }
        } else if !extensions(found.extensions).isEmpty || found.subject != .empty {
            return false
        }
        if keyIdentifier != "never_create" {
            let wanted = wish.content.extensions.first(Extension.Kind.subjectKeyIdentifier)?.keyIdentifier
            guard found.extensions.first(Extension.Kind.subjectKeyIdentifier)?.keyIdentifier == wanted else {
                return false
            }
        }
        if let identifier = wish.authorityIdentifier {
            guard found.extensions.first(Extension.Kind.authorityKeyIdentifier)?.value == identifier.value else {
                return false
            }
        }
        return ignoresTimes
            || (found.notBefore == wish.content.notBefore && found.notAfter == wish.content.notAfter)
    }

    /// Those that come from the request.
    private func extensions(_ all: [Extension]) -> [Extension] {
        all.filter {
            !(keyIdentifier != "never_create" && $0.identifier == Extension.Kind.subjectKeyIdentifier)
                && !(createsAuthorityIdentifier && $0.identifier == Extension.Kind.authorityKeyIdentifier)
        }
    }

    private func told(_ notBefore: Int, _ notAfter: Int, _ serial: Number) -> ValueMap {
        var values: ValueMap = [
            "privatekey": key.path.map { .string($0) } ?? .null, "csr": request.path.map { .string($0) } ?? .null,
            "notBefore": .string(UTC.text(notBefore)), "notAfter": .string(UTC.text(notAfter)),
            "serial_number": CertificateWords.number(serial),
        ]
        if provider == .authority {
            values["ca_cert"] = authority.path.map { .string($0) } ?? .null
            values["ca_privatekey"] = authorityKey.path.map { .string($0) } ?? .null
        }
        return values
    }

    func apply(_ step: SignedFile, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await step.apply(
            output, signer: provider == .selfSigned ? key : authorityKey,
            returning: returnsContent ? "certificate" : nil, on: target, pem: Certificate.pem)
    }
}

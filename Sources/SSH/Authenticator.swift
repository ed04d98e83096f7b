internal import CLibSSH2
internal import Diagnostics
internal import Glibc
internal import Synchronization
internal import Target
internal import Values

/// Logs in: given keys, the agent's, the usual ones, then the password, plain or as answers to questions.
@IOLoop
struct Authenticator {
    let session: SSHSession
    let settings: SSHSettings
    private let mayShowPassword: Bool
    /// How far the login got.
    private(set) var progress: LoginProgress
    /// Whether the server ended the connection before it had seen all there is.
    private(set) var wasCutOff = false
    private(set) var roundTrips = 0

    /// - Parameters:
    ///   - progress: What is left to try.
    ///   - mayShowPassword: Whether the host is the one it was.
    init(_ session: SSHSession, _ settings: SSHSettings, _ progress: LoginProgress, mayShowPassword: Bool = true) {
        self.mayShowPassword = mayShowPassword
        self.session = session
        self.progress = progress
        self.settings = settings
    }

    /// - Throws: `Diagnostic` with code `.authentication`, listing what was tried.
    mutating func logIn() async throws(Diagnostic) {
        guard let methods = try await offeredMethods() else { return }
        if settings.usesKeys, methods.contains("publickey") {
            if try await useKeys() { return }
        }
        if settings.password != nil, !mayShowPassword {
            // As OpenSSH does: whoever stands in between must not get it, even where keys are not checked.
            progress.tried.append("password: not shown to a host whose key has changed")
            progress.hasShownPassword = true
            progress.remedies.append(
                "If the machine was rebuilt, remove its old key: `ssh-keygen -R '\(settings.host)'`.")
        } else if settings.password != nil, !progress.hasShownPassword {
            progress.hasShownPassword = true
            if settings.usesPassword, methods.contains("password"), try await usePassword() { return }
            if settings.answersQuestions, methods.contains("keyboard-interactive"), try await answerQuestions() {
                return
            }
        }
        throw refusal(methods)
    }

    /// The methods the server takes for the user; nil if it asks for none.
    private mutating func offeredMethods() async throws(Diagnostic) -> [String]? {
        let session = session
        let user = settings.user
        var list: UnsafeMutablePointer<CChar>?
        let status = await session.perform {
            list = libssh2_userauth_list(session.raw, user, UInt32(user.utf8.count))
            if list != nil || libssh2_userauth_authenticated(session.raw) != 0 { return 0 }
            return Int(libssh2_session_last_errno(session.raw))
        }
        roundTrips += 2
        if let death = session.death { throw death }
        guard let list else {
            if status == 0 { return nil }
            throw Diagnostic(.authentication, "the host refuses to log anyone in: \(session.lastError)")
        }
        return String(cString: list).split(separator: ",").map(String.init)
    }

    /// - Throws: `Diagnostic` with code `.authentication` if the connection is gone.
    private mutating func stopIfLost() throws(Diagnostic) {
        let farewell = session.farewell
        guard let reason = farewell.map({ "the host says: \($0)" }) ?? session.death?.summary else { return }
        wasCutOff = session.death == nil
        throw Diagnostic(
            .authentication,
            "the host broke off while logging in as '\(settings.user)' (\(reason)); \(progress.words)",
            remedy: "If there are more keys than the host lets anyone try, name the right one with "
                + "`ansible_ssh_private_key_file`.")
    }

    // MARK: Keys

    /// The keys that let in at hosts of this run, as they were shown: other hosts are likely to take them as well.
    private static var lastUseful = Set<[UInt8]>()

    /// The keys that there are for a host: looks into files and asks the agent.
    static func identities(_ settings: SSHSettings) async -> IdentityList {
        guard settings.usesKeys else { return IdentityList() }
        let useful = lastUseful
        return await HelperThread.run { IdentityList(settings, agent: AgentClient(settings), lastUseful: useful) }
    }

    private mutating func useKeys() async throws(Diagnostic) -> Bool {
        while let identity = progress.identities.popFirst() {
            progress.shown += 1
            guard try await use(identity) else { continue }
            if let blob = identity.blob { Self.lastUseful.insert(blob) }
            return true
        }
        return false
    }

    private mutating func use(_ identity: Identity) async throws(Diagnostic) -> Bool {
        if let type = identity.certificate.flatMap({ KeyBlob.type(of: $0.blob) })
            ?? identity.blob.flatMap(KeyBlob.type),
            let plain = KeyBlob.plainType(ofCertificate: type), !SessionHandle.signsRSAWithSHA2,
            !plain.hasPrefix("ecdsa-")
        {
            progress.tried.append(
                "\(identity.label): libssh2 \(SessionHandle.version) shows certificates of ecdsa keys only, not of \(plain)"
            )
            progress.remedies.append(
                "Install libssh2 1.11, have an ecdsa key certified (`ssh-keygen -t ecdsa`), or put the key itself into "
                    + "the user's ~/.ssh/authorized_keys there.")
            return false
        }
        let status: Int
        switch identity.signer {
        case .agent(let agent, let blob):
            let login = SignedLogin(session, user: settings.user, showing: identity.blob ?? blob) { data, algorithm in
                await HelperThread.run { agent.signature(of: data, with: blob, by: algorithm) }
            }
            status = await login.run()
            roundTrips += login.wasAccepted ? 2 : 1
            if status != 0, let reason = login.failure {
                progress.tried.append("\(identity.label): the agent \(reason)")
                try stopIfLost()
                return false
            }
        case .file(let key):
            if key.isEncrypted, settings.passphrase == nil {
                progress.tried.append("\(identity.label): is encrypted, and no passphrase was given")
                progress.remedies.append(
                    "Load the key into an agent: `ssh-add \(key.path)`; or give `ansible_private_key_passphrase`.")
                return false
            }
            guard let answer = await use(key, identity) else { return false }
            status = answer
        }
        if status == 0 { return true }
        progress.tried.append(
            "\(identity.label): "
                + (status == Int(LIBSSH2_ERROR_FILE) ? "cannot be used (\(session.lastError))" : "refused"))
        try stopIfLost()
        return false
    }

    /// Logs in with a key that a file holds.
    ///
    /// - Returns: The library's last word, or nil if that was put into words already.
    private mutating func use(_ key: PrivateKey, _ identity: Identity) async -> Int? {
        let (session, settings) = (session, settings)
        if key.isRSA, !SessionHandle.signsRSAWithSHA2, SignedLogin.serverKnowsSHA2(session), let signer = key.rsa {
            let login = SignedLogin(session, user: settings.user, showing: signer.publicBlob) { data, algorithm in
                signer.signature(of: data, by: algorithm).map { .success($0) }
                    ?? .failure(AgentClient.Failure(reason: "cannot sign with \(algorithm)"))
            }
            let status = await login.run()
            roundTrips += login.wasAccepted ? 2 : 1
            return status
        }
        // The library is told the lengths and looks for a zero at the end all the same.
        let certificate = Array((identity.certificate?.text ?? "").utf8) + [0]
        let content = key.content + [0]
        let status = await session.perform {
            content.withUnsafeBytes { bytes in
                certificate.withUnsafeBytes { certificate in
                    bytes.withMemoryRebound(to: CChar.self) { bytes in
                        certificate.withMemoryRebound(to: CChar.self) { certificate in
                            Int(
                                libssh2_userauth_publickey_frommemory(
                                    session.raw, settings.user, settings.user.utf8.count,
                                    certificate.count > 1 ? certificate.baseAddress : nil, certificate.count - 1,
                                    bytes.baseAddress, bytes.count - 1, settings.passphrase ?? ""))
                        }
                    }
                }
            }
        }
        roundTrips += 2
        guard status != 0, session.death == nil, key.isRSA, !SessionHandle.signsRSAWithSHA2 else { return status }
        progress.tried.append("\(identity.label): is RSA, which libssh2 \(SessionHandle.version) signs with SHA-1 only")
        progress.remedies.append(
            "Load it into an agent (`ssh-add \(key.path)`), use an ed25519 key (`ssh-keygen -t ed25519`), or install "
                + "libssh2 1.11: servers since OpenSSH 8.8 refuse SHA-1.")
        return nil
    }

    // MARK: Passwords

    private mutating func usePassword() async throws(Diagnostic) -> Bool {
        let session = session
        let (user, password) = (settings.user, settings.password ?? "")
        let status = await session.perform {
            Int(
                libssh2_userauth_password_ex(
                    session.raw, user, UInt32(user.utf8.count), password, UInt32(password.utf8.count), nil))
        }
        roundTrips += 1
        if status == 0 { return true }
        progress.tried.append(
            status == Int(LIBSSH2_ERROR_PASSWORD_EXPIRED)
                ? "password: has expired and must be changed" : "password: refused")
        try stopIfLost()
        return false
    }

    /// The password as the answer to every hidden question, and nothing to others.
    private mutating func answerQuestions() async throws(Diagnostic) -> Bool {
        let session = session
        let user = settings.user
        let notes = session.notes
        notes.answer.withLock { $0 = settings.password }
        defer { notes.answer.withLock { $0 = nil } }
        let status = await session.perform {
            Int(
                libssh2_userauth_keyboard_interactive_ex(session.raw, user, UInt32(user.utf8.count)) {
                    _, _, _, _, count, prompts, responses, abstract in
                    guard let context = abstract?.pointee, let prompts, let responses else { return }
                    let notes = Unmanaged<SessionNotes>.fromOpaque(context).takeUnretainedValue()
                    guard let answer = notes.answer.withLock({ $0 }) else { return }
                    for index in 0..<Int(count) where prompts[index].echo == 0 {
                        responses[index].text = strdup(answer)  // freed by the library
                        responses[index].length = UInt32(answer.utf8.count)
                    }
                })
        }
        roundTrips += 2
        if status == 0 { return true }
        progress.tried.append("keyboard-interactive: refused")
        try stopIfLost()
        return false
    }

    private func refusal(_ methods: [String]) -> Diagnostic {
        Diagnostic(
            .authentication,
            "the host does not let '\(settings.user)' in (\(progress.words)); it takes "
                + methods.joined(separator: ", "),
            remedy: progress.remedies.last
                ?? (progress.shown > 2
                    ? "Servers count failures: if one of these keys opens the account, name it with "
                        + "`ansible_ssh_private_key_file`; otherwise put it into the user's ~/.ssh/authorized_keys there."
                    : "Put your public key into the user's ~/.ssh/authorized_keys there, or give the password with -k.")
        )
    }
}

/// How far a login got. Where a server lets nobody try as many keys as there are, it goes on over another connection.
struct LoginProgress {
    /// The keys that were not shown yet, in their order.
    var identities: ArraySlice<Identity>
    /// How many were shown.
    var shown = 0
    /// A password goes out once: servers lock accounts.
    var hasShownPassword = false
    /// What was tried and how it went, for the message if nothing helps.
    var tried: [String]
    var remedies: [String]

    init(_ list: IdentityList) {
        identities = list.identities[...]
        tried = list.troubles.map(\.summary)
        remedies = list.troubles.compactMap(\.remedy)
    }

    /// Whether another connection would try something new.
    func hasMore(_ settings: SSHSettings) -> Bool {
        !identities.isEmpty || settings.password != nil && !hasShownPassword
    }

    /// What was tried, in words.
    var words: String {
        if tried.isEmpty { return "nothing to try: no key, no agent, no password" }
        return (shown > 1 ? "\(shown) keys tried: " : "") + tried.joined(separator: "; ")
    }
}

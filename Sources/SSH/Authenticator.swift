internal import CLibSSH2
internal import Diagnostics
internal import Glibc
internal import Local
internal import Target
internal import Values

/// Logs in: given keys, the agent's, the usual ones, then the password, plain or as answers to questions.
@IOLoop
struct Authenticator {
    let session: SSHSession
    let settings: SSHSettings
    private let mayShowPassword: Bool
    /// What was tried and how it went, for the message if nothing helps.
    private var tried: [String] = []
    private var remedies: [String] = []
    private(set) var roundTrips = 0

    init(_ session: SSHSession, _ settings: SSHSettings, mayShowPassword: Bool = true) {
        self.mayShowPassword = mayShowPassword
        self.session = session
        self.settings = settings
    }

    /// - Throws: `Diagnostic` with code `.authentication`, listing what was tried.
    mutating func logIn() async throws(Diagnostic) {
        guard let methods = try await offeredMethods() else { return }
        if settings.usesKeys, methods.contains("publickey") {
            for path in settings.identityFiles { if try await use(keyAt: path, isGiven: true) { return } }
            if settings.usesAgent, try await useAgent() { return }
            if settings.identityFiles.isEmpty {
                for path in settings.defaultIdentityFiles { if try await use(keyAt: path, isGiven: false) { return } }
            }
        }
        if settings.password != nil, !mayShowPassword {
            // As OpenSSH does: whoever stands in between must not get it, even where keys are not checked.
            tried.append("password: not shown to a host whose key has changed")
            remedies.append("If the machine was rebuilt, remove its old key: `ssh-keygen -R '\(settings.host)'`.")
        } else if settings.password != nil {
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

    private func stopIfLost() throws(Diagnostic) {
        if let death = session.death {
            throw Diagnostic(
                .authentication,
                "the host broke off while logging in as '\(settings.user)' (\(death.summary)); tried: "
                    + tried.joined(separator: "; "),
                remedy: "If it says too many authentication failures, name the right key with "
                    + "`ansible_ssh_private_key_file`.")
        }
    }

    // MARK: Keys

    private mutating func use(keyAt path: String, isGiven: Bool) async throws(Diagnostic) -> Bool {
        let content: [UInt8]
        do throws(Diagnostic) {
            content = try await HelperThread.run { () -> Result<[UInt8], Diagnostic> in
                Result { () throws(Diagnostic) in try LocalFile.bytes(path) }
            }.get()
        } catch {
            if isGiven {
                tried.append("key: \(error.summary)")
                remedies.append("Correct the key's path.")
            }
            return false
        }
        guard let key = PrivateKey(path: path, content: content) else {
            tried.append("key \(path): is no private key")
            return false
        }
        if key.isEncrypted, settings.passphrase == nil {
            tried.append("key \(path): is encrypted, and no passphrase was given")
            remedies.append("Load the key into an agent: `ssh-add \(path)`.")
            return false
        }
        let session = session
        let settings = settings
        let status = await session.perform {
            content.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    Int(
                        libssh2_userauth_publickey_frommemory(
                            session.raw, settings.user, settings.user.utf8.count, nil, 0, $0.baseAddress, $0.count,
                            settings.passphrase ?? ""))
                }
            }
        }
        roundTrips += 2
        if status == 0 { return true }
        if key.isRSA, !SessionHandle.signsRSAWithSHA2 {
            tried.append("key \(path): is RSA, which libssh2 \(SessionHandle.version) signs with SHA-1 only")
            remedies.append(
                "Use an ed25519 key (`ssh-keygen -t ed25519`), or install libssh2 1.11: servers since OpenSSH 8.8 "
                    + "refuse SHA-1.")
        } else {
            let reason = status == Int(LIBSSH2_ERROR_FILE) ? "cannot be used (\(session.lastError))" : "refused"
            tried.append("key \(path): \(reason)")
        }
        try stopIfLost()
        return false
    }

    private mutating func useAgent() async throws(Diagnostic) -> Bool {
        guard settings.agentSocket != nil || getenv("SSH_AUTH_SOCK") != nil else { return false }
        let session = session
        let user = settings.user
        guard let agent = libssh2_agent_init(session.raw) else { return false }
        defer {
            libssh2_agent_disconnect(agent)
            libssh2_agent_free(agent)
        }
        if let path = settings.agentSocket { libssh2_agent_set_identity_path(agent, path) }
        let allowed = settings.usesGivenIdentitiesOnly ? await givenIdentities() : nil
        guard libssh2_agent_connect(agent) == 0, libssh2_agent_list_identities(agent) == 0 else {
            tried.append("agent: \(session.lastError)")
            return false
        }
        var previous: UnsafeMutablePointer<libssh2_agent_publickey>?
        var identity: UnsafeMutablePointer<libssh2_agent_publickey>?
        while libssh2_agent_get_identity(agent, &identity, previous) == 0, let current = identity {
            previous = current
            if let allowed,
                !allowed.contains(
                    Array(UnsafeBufferPointer(start: current.pointee.blob, count: current.pointee.blob_len)))
            {
                continue
            }
            let status = await session.perform { Int(libssh2_agent_userauth(agent, user, current)) }
            roundTrips += 2
            if status == 0 { return true }
            tried.append("agent's key \(current.pointee.comment.map { String(cString: $0) } ?? ""): refused")
            try stopIfLost()
        }
        return false
    }

    /// The public halves of the given keys: in files beside them, or named themselves, as with a key that only the
    /// agent holds.
    private func givenIdentities() async -> Set<[UInt8]> {
        let paths = settings.identityFiles.isEmpty ? settings.defaultIdentityFiles : settings.identityFiles
        return await HelperThread.run {
            var blobs = Set<[UInt8]>()
            for path in paths.flatMap({ [$0, $0 + ".pub"] }) {
                let text = String(decoding: (try? LocalFile.bytes(path)) ?? [], as: UTF8.self)
                for word in text.split(whereSeparator: \.isWhitespace).dropFirst().prefix(1) {
                    if let blob = Base64.decode(word) { blobs.insert(Array(blob)) }
                }
            }
            return blobs
        }
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
        tried.append(
            status == Int(LIBSSH2_ERROR_PASSWORD_EXPIRED)
                ? "password: has expired and must be changed" : "password: refused")
        try stopIfLost()
        return false
    }

    /// The password as the answer to every hidden question, and nothing to others.
    private mutating func answerQuestions() async throws(Diagnostic) -> Bool {
        let session = session
        let user = settings.user
        let answer = Answer(settings.password ?? "")
        guard let place = libssh2_session_abstract(session.raw) else { return false }
        place.pointee = Unmanaged.passUnretained(answer).toOpaque()
        defer { place.pointee = nil }
        let status = await session.perform {
            Int(
                libssh2_userauth_keyboard_interactive_ex(session.raw, user, UInt32(user.utf8.count)) {
                    _, _, _, _, count, prompts, responses, abstract in
                    guard let context = abstract?.pointee, let prompts, let responses else { return }
                    let answer = Unmanaged<Answer>.fromOpaque(context).takeUnretainedValue()
                    for index in 0..<Int(count) where prompts[index].echo == 0 {
                        responses[index].text = strdup(answer.text)  // freed by the library
                        responses[index].length = UInt32(answer.text.utf8.count)
                    }
                })
        }
        roundTrips += 2
        withExtendedLifetime(answer) {}
        if status == 0 { return true }
        tried.append("keyboard-interactive: refused")
        try stopIfLost()
        return false
    }

    private final class Answer {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private func refusal(_ methods: [String]) -> Diagnostic {
        let ways = tried.isEmpty ? "nothing to try: no key, no agent, no password" : tried.joined(separator: "; ")
        return Diagnostic(
            .authentication,
            "the host does not let '\(settings.user)' in (\(ways)); it takes "
                + methods.joined(separator: ", "),
            remedy: remedies.last
                ?? "Put your public key into the user's ~/.ssh/authorized_keys there, or give the password with -k.")
    }
}

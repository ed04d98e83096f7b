internal import Diagnostics
internal import Local

/// One way to log in with a key: what is shown to the server, and who signs.
struct Identity: Sendable {
    enum Signer: Sendable {
        /// The agent, with the key it lists so.
        case agent(AgentClient, blob: [UInt8])
        case file(PrivateKey)
    }

    /// How messages call it.
    var label: String
    /// The key or certificate that is shown; nil if the file holds no public half.
    var blob: [UInt8]?
    /// The certificate's line, if it is one and comes from a file.
    var certificate: PublicKeyLine?
    var signer: Signer
}

/// The keys that there are for a host, in the order to try them.
///
/// Given files come first, each with its certificates before it and signed by the agent where that holds the key; then
/// the agent's other keys; without given files the usual ones come last, as with OpenSSH. What let in at another host of
/// this run comes before everything that nobody gave: servers count failures.
struct IdentityList: Sendable {
    private(set) var identities: [Identity] = []
    /// What is in the way of a key that was given.
    private(set) var troubles: [(summary: String, remedy: String?)] = []

    /// None at all.
    init() {}

    /// Reads files and asks the agent; blocks.
    init(_ settings: SSHSettings, agent: AgentClient?, lastUseful: Set<[UInt8]>) {
        let areGiven = !settings.identityFiles.isEmpty
        var agentKeys: [AgentClient.Key] = []
        if let agent {
            switch agent.keys() {
            case .success(let keys): agentKeys = keys
            case .failure(let failure): troubles.append(("agent: \(failure.reason)", nil))
            }
        }
        let certificates = settings.certificateFiles.compactMap { path in
            let line = certificate(at: path)
            if line == nil { troubles.append(("certificate \(path): is none that can be read", nil)) }
            return line.map { (path, $0) }
        }
        var seen = Set<[UInt8]>()
        var files: [Identity] = []
        var ofAgent: [Identity] = []
        for path in areGiven ? settings.identityFiles : settings.defaultIdentityFiles {
            guard let file = KeyFile(path, wantsCertificates: certificates.isEmpty) else {
                if areGiven { explain(path) }
                continue
            }
            let held = agentKeys.first { $0.blob == file.blob }
            let signer: Identity.Signer? =
                if let held, let agent { .agent(agent, blob: held.blob) } else { file.key.map { .file($0) } }
            guard let signer else {
                if areGiven { troubles.append(("key \(path): is the public half, and no agent has the other", nil)) }
                continue
            }
            if let blob = file.blob { seen.insert(blob) }
            var found: [Identity] = []
            for (place, line) in file.certificates + certificates where file.fits(line) {
                seen.insert(line.blob)
                found.append(
                    Identity(label: "certificate \(place)", blob: line.blob, certificate: line, signer: signer))
            }
            found.append(Identity(label: "key \(path)", blob: file.blob, signer: signer))
            if held != nil, !areGiven { ofAgent += found } else { files += found }
        }
        if let agent {
            for key in agentKeys where !seen.contains(key.blob) {
                let plain = KeyBlob.plainKey(ofCertificate: key.blob)
                if settings.usesGivenIdentitiesOnly, plain.map(seen.contains) != true { continue }
                for (place, line) in certificates where KeyBlob.plainKey(ofCertificate: line.blob) == key.blob {
                    ofAgent.append(
                        Identity(
                            label: "certificate \(place)", blob: line.blob, certificate: line,
                            signer: .agent(agent, blob: key.blob)))
                }
                ofAgent.append(
                    Identity(
                        label: "agent's \(plain == nil ? "key" : "certificate") \(key.comment)", blob: key.blob,
                        signer: .agent(agent, blob: key.blob)))
            }
        }
        let unasked = areGiven ? ofAgent : ofAgent + files
        identities =
            (areGiven ? files : []) + unasked.filter { $0.isAmong(lastUseful) }
            + unasked.filter { !$0.isAmong(lastUseful) }
    }

    /// A file that has to be opened with a passphrase: one that comes first, or the only way there is.
    var lockedFile: String? {
        guard let first = identities.first, case .file(let key) = first.signer, key.isEncrypted else { return nil }
        return key.path
    }

    private mutating func explain(_ path: String) {
        do throws(Diagnostic) {
            _ = try LocalFile.bytes(path)
            troubles.append(("key \(path): is no private key", nil))
        } catch {
            troubles.append(("key: \(error.summary)", "Correct the key's path."))
        }
    }
}

extension Identity {
    fileprivate func isAmong(_ blobs: Set<[UInt8]>) -> Bool { blob.map(blobs.contains) == true }
}

/// The certificate in a file; nil if it is none.
private func certificate(at path: String) -> PublicKeyLine? {
    guard let line = (try? LocalFile.bytes(path)).flatMap(PublicKeyLine.init),
        KeyBlob.plainKey(ofCertificate: line.blob) != nil
    else { return nil }
    return line
}

/// What lies at an identity file's path and beside it.
private struct KeyFile {
    /// Nil if there is only the public half: the agent has the other.
    var key: PrivateKey?
    var blob: [UInt8]?
    var certificates: [(path: String, line: PublicKeyLine)] = []

    /// Nil if neither half is there.
    init?(_ path: String, wantsCertificates: Bool) {
        let content = try? LocalFile.bytes(path)
        key = content.flatMap { PrivateKey(path: path, content: $0) }
        let open =
            content.flatMap(PublicKeyLine.init) ?? (try? LocalFile.bytes(path + ".pub")).flatMap(PublicKeyLine.init)
        blob = key?.publicBlob ?? key?.rsa?.publicBlob ?? open?.blob
        guard key != nil || blob != nil else { return nil }
        guard wantsCertificates else { return }
        for name in [path + "-cert.pub", path + "-cert"] {
            if let line = certificate(at: name) { certificates.append((name, line)) }
        }
    }

    /// Whether a certificate is about this key.
    func fits(_ line: PublicKeyLine) -> Bool {
        guard let blob else { return true }
        return KeyBlob.plainKey(ofCertificate: line.blob) == blob
    }
}

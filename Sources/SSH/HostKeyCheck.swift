internal import Diagnostics
internal import Glibc
internal import Local
internal import Target
internal import Values

/// Decides whether a host is the one it was: its key against the known_hosts files.
@IOLoop
struct HostKeyCheck {
    let settings: SSHSettings
    let known: KnownHosts

    init(_ settings: SSHSettings) {
        self.settings = settings
        let stamps = settings.knownHostsFiles.map(KnownHostsFile.stamp)
        if let last = Self.last, last.files == settings.knownHostsFiles, last.stamps == stamps {
            known = last.known
            return
        }
        known = KnownHosts(
            settings.knownHostsFiles.compactMap { path in
                (try? LocalFile.bytes(path)).map { (path, String(decoding: $0, as: UTF8.self)) }
            })
        Self.last = (settings.knownHostsFiles, stamps, known)
    }

    /// What was read last: the hosts of a run share their files, and a large one is not read for each of them.
    private static var last: (files: [String], stamps: [[Int]], known: KnownHosts)?

    /// What it is called in known_hosts: an alias stands there as it is, without a port.
    var name: String { settings.hostKeyAlias ?? KnownHosts.name(of: settings.host, port: settings.port) }

    /// The host-key algorithms to ask for, those known for the host first: it may have several keys.
    var algorithms: String {
        let all = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"]
        let types = known.types(for: name)
        let ordered = all.filter(types.contains) + all.filter { !types.contains($0) }
        return ordered.flatMap { $0 == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", $0] : [$0] }.joined(separator: ",")
    }

    /// - Parameter blob: The key as the host showed it.
    /// - Returns: Whether the host may be shown a password: not if its key is another one than it was, and only goes
    ///   because nobody checks keys. A login by key gives nothing away.
    /// - Throws: `Diagnostic` with code `.hostKey`.
    func check(_ blob: [UInt8]) throws(Diagnostic) -> Bool {
        let key = Base64.encode(blob)
        let type = KeyBlob.type(of: blob) ?? "unknown"
        let keygen = "ssh-keygen -R '\(name)'"
        switch known.verdict(on: name, type: type, key: key) {
        case .trusted:
            return true
        case .revoked(let place):
            throw Diagnostic(
                .hostKey, "the host shows a key that is revoked at \(place)",
                remedy: "Do not trust this host; give it a new key.")
        case .changed(let place):
            if settings.hostKeyChecking == .off { return false }
            throw Diagnostic(
                .hostKey, "host key differs from \(place) (\(type))",
                remedy: "If the machine was rebuilt, run `\(keygen)`; if not, somebody may stand between you and it.")
        case .otherTypes(let types, let place):
            // As good as a changed key: who stands in between would show one of another type.
            if settings.hostKeyChecking == .off { return false }
            throw Diagnostic(
                .hostKey,
                "the host shows a key of type \(type), and \(place) knows it by \(types.joined(separator: ", ")) only",
                remedy: types.contains("ssh-rsa") && !SessionHandle.signsRSAWithSHA2
                    ? "libssh2 \(SessionHandle.version) cannot check RSA host keys of today's sshd; compare the fingerprint "
                        + "and add the \(type) key: `\(scan)`."
                    : "If you trust it, add its key: `\(scan)`.")
        case .onlyAuthority(let place):
            if settings.hostKeyChecking == .off { return true }
            throw Diagnostic(
                .hostKey, "host certificates are not supported, and \(place) trusts this host by an authority only",
                remedy: "Add the host's own key: `\(scan)`.")
        case .unknown:
            if settings.hostKeyChecking != .strict {
                try takeDown(type, key)
                return true
            }
            throw Diagnostic(
                .hostKey,
                "the host's key (\(type)) is not known: nothing stands for \(name) in "
                    + "\(settings.knownHostsFiles.first ?? "known_hosts")",
                remedy: "Compare it and take it down: `\(scan)`; or set `host_key_checking = False` to trust anyone.")
        }
    }

    private var scan: String {
        let port = settings.port == 22 ? "" : "-p \(settings.port) "
        return "ssh-keyscan \(port)\(settings.host) >> \(settings.knownHostsFiles.first ?? "~/.ssh/known_hosts")"
    }

    /// Adds the key to the first known_hosts file.
    ///
    /// With checking off a file that cannot be written is no trouble.
    private func takeDown(_ type: String, _ key: String) throws(Diagnostic) {
        guard let path = settings.knownHostsFiles.first, path != "/dev/null" else { return }
        let reason = KnownHostsFile.append("\(name) \(type) \(key)\n", to: path)
        if let reason, settings.hostKeyChecking == .acceptNew {
            throw Diagnostic(.hostKey, "cannot take down the host's key in \(path): \(reason)")
        }
    }
}

/// The files in which host keys are kept.
enum KnownHostsFile {
    /// What differs once the file was changed: its number, size and time of change.
    static func stamp(_ path: String) -> [Int] {
        var information = stat()
        guard stat(path, &information) == 0 else { return [] }
        return [
            Int(information.st_ino), Int(information.st_size), information.st_mtim.tv_sec, information.st_mtim.tv_nsec,
        ]
    }

    /// Adds a line at the end, in one write; the reason if that failed.
    static func append(_ line: String, to path: String) -> String? {
        if let slash = path.lastIndex(of: "/") { mkdir(String(path[..<slash]), 0o700) }
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return String(errno: errno) }
        defer { close(file) }
        // A last line that somebody left without its end must not swallow ours.
        let isWhole = (try? LocalFile.bytes(path)).map { $0.isEmpty || $0.last == UInt8(ascii: "\n") } ?? true
        let bytes = Array((isWhole ? line : "\n" + line).utf8)
        return write(file, bytes, bytes.count) == bytes.count ? nil : String(errno: errno)
    }
}

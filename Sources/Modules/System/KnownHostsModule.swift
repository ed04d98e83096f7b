internal import Crypto
import Diagnostics
import Results
import Target
import Values

/// Keys of other hosts that SSH trusts, as `ansible.builtin.known_hosts` manages them.
struct KnownHostsModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.known_hosts",
        summary: "Put host keys into a known_hosts file, or take them out.",
        arguments: [
            .required("name", .string, "The host; `[name]:port` for another port than 22.", aliases: ["host"]),
            .optional(
                "key", .string, "Its keys as known_hosts has them: `name type base64`, one a line.", secret: false),
            .optional("path", .path, "The file.", default: "~/.ssh/known_hosts"),
            .optional("hash_host", .bool, "Write the host's name as a hash.", default: false),
            .optional(
                "state", .string, "Whether the keys are to be there; without a key, `absent` means all of the host's.",
                default: "present", choices: ["absent", "present"]),
        ],
        example: """
            - ansible.builtin.known_hosts:
                name: git.example.org
                key: git.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKGkTd9CcUGIYFiN7cPGcUrsGI4+mdOgLjWE4QXO3Dyv
            """,
        aliases: ["ansible.legacy.known_hosts"]
    )

    private struct Line {
        var hosts: String
        var marker: String?
        var type: String
        var key: String

        init?(_ text: String) {
            var words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { return nil }
            if first.hasPrefix("@") { marker = words.removeFirst() }
            guard words.count >= 3 else { return nil }
            hosts = words[0]
            type = words[1]
            key = words[2]
        }

        var isHashed: Bool { hosts.hasPrefix("|1|") }

        /// What there is one of: a key of a kind or, for revoked keys and authorities, each of them.
        var identity: String { marker.map { "\($0) \(type) \(key)" } ?? type }

        func isSame(as other: Line) -> Bool {
            marker == other.marker && type == other.type && key == other.key
        }

        /// Whether the line is about the host.
        func names(_ host: String) -> Bool {
            guard isHashed else { return hosts.split(separator: ",").contains { $0.lowercased() == host } }
            let parts = hosts.split(separator: "|")
            guard parts.count == 3, let salt = Base64.decode(parts[1]) else { return false }
            return KnownHostsModule.hash(host, salt) == parts[2]
        }
    }

    private let host: String
    private let lines: [Line]
    private let path: String
    private let isHashed: Bool
    private let isWanted: Bool
    private let given: ValueMap

    init(_ arguments: Arguments) throws(Diagnostic) {
        let name = try arguments.string("name")
        host = name.lowercased()
        path = arguments.optionalString("path") ?? "~/.ssh/known_hosts"
        isHashed = arguments.bool("hash_host")
        isWanted = arguments.optionalString("state") != "absent"
        given = arguments.values
        var lines: [Line] = []
        for text in HostText.lines(arguments.optionalString("key") ?? "") where !text.trimmed.isEmpty {
            if text.hasPrefix("#") { continue }
            guard let line = Line(text) else {
                throw Diagnostic(
                    .badValue, "'\(text.count > 60 ? text.prefix(57) + "..." : text[...])' is no host key",
                    at: arguments.location,
                    remedy: "It reads `\(name) ssh-ed25519 AAAAC3Nz…`, as ssh-keyscan prints it.")
            }
            guard line.names(host) else {
                throw Diagnostic(
                    .badValue, "the key is one of '\(line.hosts)', not of '\(name)'", at: arguments.location,
                    remedy: "'name' and the first word of 'key' must be the same host.")
            }
            lines.append(line)
        }
        self.lines = lines
        if isWanted, lines.isEmpty {
            throw Diagnostic(.missingArgument, "known_hosts needs 'key'", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<HostText.Step> {
        let found = try await target.hostText(path, also: [FilePlacement.directory(of: path)])
        if let awaits = found.awaits { return .unknown(awaits, .none) }
        let directory = found.inspection.paths[0]
        var result: [String] = []
        var there: Set<String> = []
        for text in found.lines {
            guard let line = Line(text), line.names(host) else {
                result.append(text)
                continue
            }
            if isWanted {
                if line.marker != nil {
                    // What somebody revoked stays revoked, and no authority takes another's place.
                    result.append(text)
                    if lines.contains(where: line.isSame) { there.insert(line.identity) }
                    continue
                }
                // One key of a kind: another one has taken its place.
                guard let wanted = lines.first(where: { $0.type == line.type && $0.marker == nil }) else {
                    result.append(text)
                    continue
                }
                if wanted.key == line.key, line.isHashed == isHashed, there.insert(line.identity).inserted {
                    result.append(text)
                }
            } else if lines.isEmpty ? line.marker != nil : !lines.contains(where: line.isSame) {
                result.append(text)
            }
        }
        if isWanted {
            for line in lines where there.insert(line.identity).inserted {
                let name = isHashed ? Self.hashed(host) : line.isHashed ? host : line.hosts
                result.append([line.marker, name, line.type, line.key].compactMap(\.self).joined(separator: " "))
            }
        }
        let after = result.map { $0 + "\n" }.joined()
        // A file that lacks its last line end is no reason to write it.
        guard result != found.lines, let (change, step) = found.plan(after) else {
            return .asWanted(.ok(values(found.place.followed, found.path)))
        }
        guard directory.followed.kind == .directory else {
            if directory.isAwaited(by: target) { return .unknown(Unknown("directory '\(directory.path)'"), step) }
            throw Diagnostic(
                .failed, "directory '\(directory.path)' does not exist",
                remedy: "Create it in an earlier task (file: state=directory mode=0700).", host: target.hostName)
        }
        return .change(change, step, foreseen: .changed(told(found.path).merging(["state": "file"])))
    }

    /// The arguments as Ansible tells them: the path as it is on the host.
    private func told(_ path: String) -> ValueMap {
        given.merging(["key": given["key"] ?? .null, "path": .string(path)])
    }

    private func values(_ state: FileState, _ path: String) -> ValueMap {
        told(path).merging(state.exists ? state.commonValues : ["state": given["state"] ?? .null])
    }

    func apply(_ step: HostText.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await target.carryOut(step)
        guard case .write(let file) = step else { return .changed(given) }
        return .changed(values(try await target.stat(file.path), file.path))
    }

    // MARK: Hashes, as `HashKnownHosts` of ssh_config(5) has them: HMAC-SHA1 of the name with a salt.

    private static func hashed(_ host: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<20).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return "|1|\(Base64.encode(salt))|\(hash(host, salt))"
    }

    fileprivate static func hash(_ host: String, _ salt: [UInt8]) -> String {
        let code = HMAC<Insecure.SHA1>.authenticationCode(for: Array(host.utf8), using: SymmetricKey(data: salt))
        return Base64.encode(Array(code))
    }
}

internal import Crypto
import Diagnostics
import Results
import Target
import Values

/// Fetches a file from a server to the host, as `ansible.builtin.get_url` does.
struct GetUrlModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.get_url",
        summary: "Fetch a file from a server to the host.",
        description: """
            The host's curl is used, or its wget. A file that is there is only fetched again if the server says that \
            it has a younger one, if its checksum is another, or with `force`. Give a checksum: it makes the task \
            safe, and a file that has it costs no request to the server.
            """,
        arguments: [
            .required("url", .string, "The address: http, https, ftp or file."),
            .required("dest", .path, "Where it goes. In a directory it keeps the name the server gives it."),
            .optional(
                "checksum", .string, "`sha256:` and the digest, or the address of a file of digests.", default: ""),
            .optional("force", .bool, "Fetch it even if the server has no younger one.", default: false),
            .optional("backup", .bool, "Keep the old file beside the new one.", default: false),
            .optional("headers", .map([]), "Further headers."),
            .optional("timeout", .int, "Seconds without an answer until the task gives up.", default: 10),
            .optional("tmp_dest", .path, "A directory of the host for what is being fetched."),
            .optional("url_username", .string, "The user for basic authentication.", aliases: ["username"]),
            .optional("url_password", .string, "Its password.", aliases: ["password"], secret: true),
            .optional("force_basic_auth", .bool, "Send them without being asked; always done here.", default: false),
            .optional("validate_certs", .bool, "Check the server's certificate.", default: true),
            .optional("client_cert", .path, "A certificate to show."),
            .optional("client_key", .path, "Its key."),
            .optional("http_agent", .string, "What to be called.", default: "ansible-httpget"),
            .optional("use_proxy", .bool, "Use the proxy that the host's environment names.", default: true),
            .optional(
                "decompress", .bool, "Unpack an answer that was packed for the way; always done here.", default: true),
            Argument(
                "unredirected_headers", .list(.string), "Headers not to send after a redirection.",
                refusal: "Name the last address in 'url'."),
            .optional(
                "use_netrc", .bool, "Let the host's `.netrc` say who asks where nothing else does.", default: true),
            Argument("use_gssapi", .bool, "Kerberos.", refusal: "Kerberos is not supported."),
            Argument("ciphers", .list(.string), "TLS ciphers.", refusal: "The host's own choice of ciphers is used."),
        ] + FileAttributes.arguments,
        check: "Full where the file is missing or a checksum is given; else unknown unless the server has nothing new.",
        diff: "none",
        example: """
            - ansible.builtin.get_url:
                url: https://example.org/tool-1.2.tar.gz
                dest: /usr/local/src/
                checksum: sha256:https://example.org/SHA256SUMS
                mode: '0644'
            """,
        aliases: ["ansible.legacy.get_url"]
    )

    private let download: HostDownload
    private let destination: String
    private let algorithm: String
    /// A digest in hexadecimal, where it is given as such.
    private let digest: String?
    /// Where the digests are, where they are not.
    private let digests: HostDownload?
    private let forces: Bool
    private let placement: FilePlacement
    private let place: String

    struct Step: Sendable {
        var digest: String?
        /// The file to be older than the server's; empty if it is fetched in any case.
        var older = ""
    }

    private static let algorithms = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]

    init(_ arguments: Arguments) throws(Diagnostic) {
        download = try HostDownload(arguments)
        destination = try arguments.string("dest")
        forces = arguments.bool("force")
        place = arguments.optionalString("tmp_dest") ?? ""
        var placement = FilePlacement(
            destination: destination, basename: download.name, content: [], attributes: try FileAttributes(arguments),
            backup: arguments.bool("backup"))
        placement.makesDirectories = false
        self.placement = placement
        let checksum = arguments.optionalString("checksum") ?? ""
        guard !checksum.isEmpty else {
            (algorithm, digest, digests) = ("", nil, nil)
            return
        }
        let parts = checksum.split(separator: ":", maxSplits: 1).map { String($0) }
        guard parts.count == 2, Self.algorithms.contains(parts[0]) else {
            throw Diagnostic(
                .badValue, "'checksum: \(checksum)' is not an algorithm and a digest", at: arguments.location,
                remedy: "Write it as sha256:digest; there are \(Self.algorithms.joined(separator: ", ")).")
        }
        algorithm = parts[0]
        if ["http:", "https:", "ftp:", "file:"].contains(where: parts[1].hasPrefix) {
            digests = try HostDownload(arguments, url: parts[1])
            digest = nil
        } else {
            digests = nil
            let cleaned = String(
                parts[1].unicodeScalars.filter { $0.properties.isAlphabetic || ("0"..."9").contains($0) }
            )
            .lowercased()
            guard !cleaned.isEmpty, cleaned.allSatisfy(\.isHexDigit) else {
                throw Diagnostic(.badValue, "'\(parts[1])' is not a digest in hexadecimal", at: arguments.location)
            }
            digest = cleaned
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let inside = FilePlacement.join(destination, download.name)
        let asksServer = !forces && algorithm.isEmpty
        let ((inspection, answer), told) = try await together(
            { () async throws(Diagnostic) in
                try await target.inspect(
                    [destination, FilePlacement.directory(of: destination), inside], checksums: true,
                    owner: placement.attributes.owner, group: placement.attributes.group, with: Self.digestScript,
                    [algorithm, inside])
            },
            { () async throws(Diagnostic) -> (isUnchanged: Bool, digest: String?) in
                if let digests { return (false, try await digest(from: digests, target)) }
                return (asksServer ? try await download.isUnchanged(since: destination, target) : false, digest)
            })
        var rest = answer
        let digestOfFile = rest.next()
        let digestInside = rest.next()
        let isDirectory = inspection.paths[0].followed.kind == .directory
        let place = isDirectory ? inspection.paths[2] : inspection.paths[0]
        let holder = isDirectory ? inspection.paths[0] : inspection.paths[1]
        var step = Step(digest: told.digest)
        try placement.attributes.requireOwners(inspection, on: target)

        guard place.followed.exists else {
            guard holder.followed.kind == .directory || holder.isAwaited(by: target),
                !destination.hasSuffix("/") || isDirectory
            else {
                throw Diagnostic(
                    .failed, "directory '\(holder.path)' does not exist",
                    remedy: "Create it in an earlier task (file: state=directory).", host: target.hostName)
            }
            let after = placement.attributes.stateOfNew(.file, in: inspection, parent: holder.followed)
            return .change(
                .action(
                    "fetch \(download.url) to \(place.path)",
                    effects: [.file(path: place.path, after.effect(checksum: algorithm == "sha1" ? step.digest : nil))]),
                step, foreseen: .changed(["dest": .string(place.path), "url": .string(download.url)]))
        }
        guard place.followed.kind == .file else {
            throw Diagnostic(.failed, "'\(place.path)' is not a file", host: target.hostName)
        }
        if let wanted = step.digest, !place.hasForeseenContent {
            if wanted == (isDirectory ? digestInside : digestOfFile), !forces || !isDirectory {
                return try await existing(place, inspection, target, step, "file already exists")
            }
            return .change(
                .action("fetch \(download.url) to \(place.path)"), step,
                foreseen: .changed(["dest": .string(place.path), "url": .string(download.url)]))
        }
        if !forces, !isDirectory, !place.hasForeseenContent {
            step.older = place.path
            if told.isUnchanged {
                return try await existing(place, inspection, target, step, nil)
            }
        }
        return .unknown(Unknown("whether \(download.url) is what '\(place.path)' holds"), step)
    }

    /// The file is the one wanted; its owner and mode may not be.
    private func existing(
        _ place: PathInspection, _ inspection: Inspection, _ target: some TargetReader, _ step: Step,
        _ message: String?
    ) async throws(Diagnostic) -> Plan<Step> {
        let found = place.entry.kind == .link ? place.behindLink : place
        let difference = try placement.attributes.difference(from: found.entry, in: inspection, on: target)
        var values: ValueMap = ["dest": .string(destination), "url": .string(download.url)]
        values["msg"] = .string(message ?? "HTTP Error 304: Not Modified")
        values["checksum_src"] = .null
        values["checksum_dest"] = .null
        values.merge(difference.after.commonValues)
        if difference.isEmpty { return .asWanted(.ok(values)) }
        if message != nil { values["msg"] = "file already exists but file attributes changed" }
        return .change(
            Change(difference.parts, effects: [.file(path: found.path, difference.after.effect(keepsContent: true))]),
            step,
            foreseen: .changed(values))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let start = WallClock.now()
        // A file with the right digest is not fetched again, only its attributes are set.
        if let wanted = step.digest {
            let (inspection, rest) = try await target.inspect(
                [destination], with: Self.digestScript, [algorithm, FilePlacement.join(destination, download.name)])
            var fields = rest
            if inspection.paths[0].followed.kind == .file, fields.next() == wanted {
                return try await setAttributes("file already exists but file attributes changed", target)
            }
        }
        let fetched = try await download.fetch(newerThan: step.older, to: place, algorithm: algorithm, on: target)
        guard let file = fetched.file else {
            return try await setAttributes("HTTP Error 304: Not Modified", target)
        }
        var result = try await target.removing(file.path) { () async throws(Diagnostic) in
            try await put(fetched, file, step, target)
        }
        result.values["elapsed"] = .int((WallClock.now().microseconds - start.microseconds) / 1_000_000)
        return result
    }

    private func put(
        _ fetched: HostDownload.Fetched, _ file: FilePlacement.HostFile, _ step: Step, _ target: some TargetWriter
    ) async throws(Diagnostic) -> ModuleResult {
        if let wanted = step.digest, wanted != fetched.digest {
            throw Diagnostic(
                .failed, "the \(algorithm) of \(download.url) is \(fetched.digest), not \(wanted)",
                remedy: "Somebody changed it, or 'checksum' is another version's; nothing was written.",
                host: target.hostName)
        }
        var placement = placement
        placement.hostFile = file
        placement.basename = fetched.name
        var values: ValueMap = [
            "url": .string(download.url), "msg": .string(fetched.reason),
            "status_code": fetched.status.map { .int($0) } ?? .null, "checksum_src": .string(file.checksum),
        ]
        let before = try await target.inspect(
            [destination, FilePlacement.join(destination, fetched.name)], checksums: true
        ).paths
        let old = before[0].followed.kind == .directory ? before[1] : before[0]
        values["checksum_dest"] = old.checksum.map { .string($0) } ?? .null
        if old.entry.kind == .link, let real = old.realPath { placement.destination = real }
        var result: ModuleResult
        switch try await placement.plan(target) {
        case .asWanted(let kept): result = kept
        case .change(_, let planned, _): result = try await placement.apply(planned, to: target)
        case .unknown(let unknown, _): throw Diagnostic(.internal, "a placement knows \(unknown)")
        }
        if let dest = result.values["path"] { values["dest"] = dest }
        values["md5sum"] = file.md5.map { .string($0) } ?? .null
        result.values.merge(values)
        for name in ["path", "checksum"] { result.values.removeValue(forKey: name) }
        return result
    }

    private func setAttributes(_ message: String, _ target: some TargetWriter) async throws(Diagnostic) -> ModuleResult
    {
        let inspection = try await target.inspect(
            [destination], owner: placement.attributes.owner, group: placement.attributes.group)
        let place = inspection.paths[0].behindLink
        let difference = try placement.attributes.difference(from: place.entry, in: inspection, on: target)
        if !difference.isEmpty { try await FileAttributes.set([(place.path, difference)], on: target) }
        var values: ValueMap = ["dest": .string(destination), "url": .string(download.url)]
        values["msg"] = .string(message)
        values["checksum_src"] = .null
        values["checksum_dest"] = .null
        values.merge(difference.after.commonValues)
        return ModuleResult(changed: !difference.isEmpty, values: values)
    }

    /// The digest of our file in a file of digests.
    private func digest(from source: HostDownload, _ target: some TargetReader) async throws(Diagnostic) -> String {
        let text = try await source.text(target)
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        var found: String?
        if lines.count == 1, lines[0].split(whereSeparator: \.isWhitespace).count == 1 {
            found = lines[0]
        } else {
            found = lines.compactMap(Self.entry).first { $0.name == download.name }?.digest
        }
        let cleaned = found?.filter { $0.isLetter || $0.isNumber }.lowercased()
        guard let cleaned, !cleaned.isEmpty, cleaned.allSatisfy(\.isHexDigit) else {
            throw Diagnostic(
                .failed, "\(source.url) holds no checksum for '\(download.name)'",
                remedy: "Its lines are `digest  name`, or `SHA256 (name) = digest`.", host: target.hostName)
        }
        return cleaned
    }

    /// `digest  name`, `digest *name`, `SHA256 (name) = digest`.
    private static func entry(_ line: String) -> (digest: String, name: String)? {
        if let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"), open < close,
            let equals = line[close...].firstIndex(of: "=")
        {
            return (line[line.index(after: equals)...].trimmed, String(line[line.index(after: open)..<close]))
        }
        let digest = line.prefix { !$0.isWhitespace }
        var name = line.dropFirst(digest.count).trimmed[...]
        if name.first == "*" { name = name.dropFirst() }
        while name.first == "." || name.first == "/" { name = name.dropFirst() }
        return name.isEmpty ? nil : (String(digest), String(name))
    }

    /// After the common look: digests of the first path's file and of the one in it.
    private static let digestScript: Script = #"""
        digest() {
            if [ -n "$sp_a" ] && [ -f "$1" ] && [ -r "$1" ]; then
                command -v "${sp_a}sum" >/dev/null 2>&1 || { echo "${sp_a}sum: not found" >&2; return 1; }
                sum=$("${sp_a}sum" <"$1") || return 1
                printf '%s\0' "${sum%% *}"
            else
                printf '\0'
            fi
        }
        sp_expand "$1"
        digest "$p" || exit 1
        sp_expand "$sp_b"
        digest "$p" || exit 1
        """#
}

extension HostDownload {
    /// What is at the address, as text; for small files.
    func text(_ target: some TargetReader) async throws(Diagnostic) -> String {
        guard let request else {
            guard let text = try await target.text(at: Self.path(of: url)) else {
                throw Diagnostic(.failed, "\(url) is not there", host: target.hostName)
            }
            return text
        }
        let answer = try await target.query(
            UriScripts.ask, request.words, input: request.input, timeout: .seconds(timeout + 30))
        guard answer.succeeded, let reply = UriAnswer(answer.stdout), reply.status == 200 else {
            throw Diagnostic(
                .failed, "cannot fetch \(url): \(answer.errorOutput.lastLine)", host: target.hostName)
        }
        return String(decoding: reply.body, as: UTF8.self)
    }
}

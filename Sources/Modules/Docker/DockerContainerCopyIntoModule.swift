internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Puts a file into a container, as `community.docker.docker_container_copy_into` does.
struct DockerContainerCopyIntoModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_container_copy_into",
        summary: "Copy a file of the host, or a text, into a Docker container.",
        description: """
            It goes through the Engine's interface. Whose the file becomes is asked with the host's docker command and \
            the container's `id`, unless `owner_id` and `group_id` tell; without them the container must run.
            """,
        arguments: [
            .required("container", .string, "The container's name or ID."),
            .required("container_path", .string, "The file in the container."),
            .optional("path", .path, "The file on the host."),
            Argument("content", .string, "The content, in place of a file's.", secret: true),
            .optional("content_is_b64", .bool, "Whether 'content' is Base64.", default: false),
            .optional("follow", .bool, "Follow links in the container.", default: false),
            .optional("local_follow", .bool, "Follow a link on the host; else it is copied as a link.", default: true),
            .optional("owner_id", .int, "The owner's number."),
            .optional("group_id", .int, "The group's number."),
            .optional("mode", .raw, "Permission bits; the file's own by default. Needed with 'content'."),
            .optional(
                "mode_parse", .string,
                "How 'mode' is read: `modern` takes texts for octal and numbers as they are, `octal_string_only` texts "
                    + "alone, `legacy` takes texts for decimal numbers.", default: "legacy",
                choices: ["legacy", "modern", "octal_string_only"]),
            .optional(
                "force", .bool,
                "Copy without comparing; if false, leave whatever is there as it is. By default what differs is copied."
            ),
        ] + DockerArguments.endpoint,
        check: "Compares; whose the file would be is asked in the container, too.",
        diff: "The text, where both are short.",
        example: """
            - community.docker.docker_container_copy_into:
                container: web
                path: /etc/ssl/web.pem
                container_path: /etc/nginx/web.pem
                owner_id: 0
                group_id: 0
                mode: '0640'
                mode_parse: modern
            """,
        aliases: ["community.general.docker_container_copy_into"],
        exclusive: [["path", "content"]], oneOf: [["path", "content"]]
    )

    private let container: String
    private let destination: String
    private let source: String?
    private let content: Text?
    private let bytes: [UInt8]
    private let follows: Bool
    private let followsHere: Bool
    private let owner: (user: Int, group: Int)?
    private let mode: Int?
    private let force: Bool?
    private let endpoint: DockerEndpoint

    struct Step: Sendable {
        /// What is put where, but for a file's content, which is read when it is sent.
        var entry: TarEntry?
        var directory = ""
        /// The host's file.
        var source: String?
        var path = ""
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        container = try arguments.string("container")
        // It becomes a word of the docker command.
        guard !container.isEmpty, !container.hasPrefix("-") else {
            throw Diagnostic(.badValue, "'\(container)' is no container", at: arguments.location)
        }
        let path = try arguments.string("container_path")
        destination = FilePlacement.normalized(path.hasPrefix("/") ? path : "/" + path)
        guard destination != "/" else {
            throw Diagnostic(.badValue, "'container_path' names no file: '\(path)'", at: arguments.location)
        }
        source = arguments.optionalString("path")
        content = arguments["content"].map { $0.text ?? Text($0.pythonText) }
        if let content, arguments.bool("content_is_b64") {
            guard let decoded = Base64.decode(content.string) else {
                throw Diagnostic(.badValue, "'content' is no Base64", at: arguments.location)
            }
            bytes = decoded
        } else {
            bytes = Array((content?.string ?? "").utf8)
        }
        follows = arguments.bool("follow")
        followsHere = arguments.bool("local_follow")
        switch (arguments.int("owner_id"), arguments.int("group_id")) {
        case (nil, nil): owner = nil
        case (let user?, let group?):
            guard user >= 0, group >= 0 else {
                throw Diagnostic(.badValue, "'owner_id' and 'group_id' cannot be negative", at: arguments.location)
            }
            owner = (user, group)
        default:
            throw Diagnostic(.missingArgument, "'owner_id' and 'group_id' go together", at: arguments.location)
        }
        mode = try arguments["mode"].map { value throws(Diagnostic) in
            try Self.mode(value, try arguments.string("mode_parse"), arguments.location)
        }
        if content != nil, mode == nil {
            throw Diagnostic(.missingArgument, "'content' needs 'mode'", at: arguments.location)
        }
        force = arguments.optionalBool("force")
        endpoint = try DockerEndpoint(arguments)
    }

    private static func mode(_ value: Value, _ way: String, _ place: SourceLocation?) throws(Diagnostic) -> Int {
        let number: Int?
        switch (value, way) {
        case (.int(let int), "legacy"), (.int(let int), "modern"): number = int
        case (.string(let text), "legacy"): number = Int(text.string.trimmed)
        case (.string(let text), _): number = Int(text.string.trimmed, radix: 8)
        default: number = nil
        }
        guard let number, number >= 0, number <= 0o7777 else {
            throw Diagnostic(
                .badValue, "'mode' is no permission bits as '\(way)' reads them: \(value.pythonRepresentation)",
                at: place,
                remedy: "Write mode: '0644' and mode_parse: modern.")
        }
        return number
    }

    // MARK: Planning

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        if target.foreseen.docker("container", container) == true {
            return .unknown(Unknown("container '\(container)' as an earlier task leaves it"), Step())
        }
        var path = destination
        var sight = try await look(path, target)
        var seen: Set<String> = []
        // A link is followed with a question for each.
        while true {
            if case .unknown(let unknown) = sight { return .unknown(unknown, Step()) }
            guard follows, case .seen(let found) = sight, case .link(let to)? = found.there?.kind else { break }
            guard seen.insert(path).inserted, seen.count < 40 else {
                throw Diagnostic(
                    .failed, "links in container '\(container)' lead in a circle from '\(destination)'",
                    host: target.hostName)
            }
            path = FilePlacement.normalized(to.hasPrefix("/") ? to : FilePlacement.directory(of: path) + "/" + to)
            sight = try await look(path, target)
        }
        guard case .seen(let found) = sight else { return .unknown(Unknown("container '\(container)'"), Step()) }
        let wanted = try wish(found, path, target)
        let values: ValueMap = ["container_path": .string(path)]
        if force == false, found.there != nil { return .asWanted(.ok(values)) }
        if force != true, let there = found.there, isSame(there, wanted, found) { return .asWanted(.ok(values)) }
        if found.place?.hasForeseenContent ?? false, found.place?.checksum == nil {
            return .unknown(Unknown("'\(source ?? "")' as an earlier task leaves it"), Step())
        }
        return .change(
            Change([picture(found, wanted, path)]),
            Step(entry: wanted, directory: FilePlacement.directory(of: path), source: found.place?.path, path: path),
            foreseen: .changed(values))
    }

    /// What was seen, of both ends.
    private struct Sight {
        /// The host's file; nil where the content is given.
        var place: PathInspection?
        /// Its content, if it is short.
        var short: [UInt8]?
        /// What is in the container; nil if nothing is.
        var there: TarEntry?
        var owner: (user: Int, group: Int)
    }

    private enum Look {
        case seen(Sight)
        case unknown(Unknown)
    }

    private func look(_ path: String, _ target: some TargetReader) async throws(Diagnostic) -> Look {
        let reads: [DockerRead] = [
            .get("containers", container, "json"),
            .get("containers", container, "archive", query: [("path", path)]),
        ]
        let question = endpoint.question(reads, target)
        // One word for the shell, taken apart there.
        let asking = owner == nil ? endpoint.commandLine + ["exec", container] : []
        let (inspection, answer) = try await target.inspect(
            [source ?? "/"], checksums: source != nil, with: DockerTransport.dialing + Self.look,
            [
                question.text, question.words.joined(separator: "\u{1F}"),
                ([source == nil ? String(bytes.count) : ""] + asking).joined(separator: "\u{1F}"),
            ])
        var fields = answer
        let length = Int(hostCount: fields.next())
        let short = length.map { fields.next($0) }
        let identityStatus = fields.next()
        let identified = fields.next()
        var answered = fields.remainder()
        // The status stands behind the answers.
        let end = answered.lastIndex(of: 0) ?? answered.startIndex
        let status = Int32(String(decoding: answered[end...].dropFirst(), as: UTF8.self)) ?? -1
        answered.removeSubrange(end...)
        let answers: [DockerAnswer]
        switch try endpoint.answers(answered, status: status, to: reads, target) {
        case .running(let all): answers = all
        case .foreseenEmpty: return .unknown(Unknown("container '\(container)', which is still to be made"))
        case .foreseenUnknown(let unknown): return .unknown(unknown)
        }
        guard try answers[0].valueIfPresent() != nil else {
            throw Diagnostic(
                .failed, "there is no container '\(container)'", remedy: "Make it in an earlier task.",
                host: target.hostName)
        }
        if !answers[1].isMissing { try answers[1].check() }
        var whose = owner
        if whose == nil { whose = try identity(identityStatus, identified, target) }
        guard let whose else { throw Diagnostic(.internal, "nobody to own a file") }
        return .seen(
            Sight(
                place: source == nil ? nil : inspection.paths[0], short: short,
                there: answers[1].isMissing ? nil : TarEntry(answers[1].response.body),
                owner: whose))
    }

    private func identity(
        _ status: String, _ said: String, _ target: some TargetReader
    ) throws(Diagnostic) -> (user: Int, group: Int) {
        let numbers = said.split(separator: "\n").compactMap { Int(hostCount: $0.trimmed) }
        guard status == "0", numbers.count == 2 else {
            throw Diagnostic(
                .failed, "who the user of container '\(container)' is could not be asked: \(said.lastLine)",
                remedy: "Start the container in an earlier task, or give 'owner_id' and 'group_id'.",
                host: target.hostName)
        }
        return (numbers[0], numbers[1])
    }

    /// What is to be in the container.
    private func wish(_ found: Sight, _ path: String, _ target: some TargetReader) throws(Diagnostic) -> TarEntry {
        let name = FilePlacement.basename(of: path)
        guard let place = found.place else {
            return TarEntry(
                file: name, bytes, mode: mode ?? 0o644, owner: found.owner.user, group: found.owner.group)
        }
        if !followsHere, place.entry.kind == .link, let to = place.linkTarget {
            return TarEntry(link: name, to: to, owner: found.owner.user, group: found.owner.group)
        }
        guard place.followed.kind == .file else {
            throw Diagnostic(
                .failed, place.followed.exists ? "'\(place.path)' is no file" : "there is no file '\(place.path)'",
                host: target.hostName)
        }
        var entry = TarEntry(
            file: name, found.short ?? [], mode: mode ?? Int(place.followed.mode), owner: found.owner.user,
            group: found.owner.group)
        entry.size = place.followed.size
        return entry
    }

    private func isSame(_ there: TarEntry, _ wanted: TarEntry, _ found: Sight) -> Bool {
        guard there.owner == wanted.owner, there.group == wanted.group else { return false }
        switch (there.kind, wanted.kind) {
        case (.link(let left), .link(let right)): return left == right
        case (.file(let left), .file(let right)):
            guard there.mode == wanted.mode, left.count == there.size else { return false }
            guard let place = found.place else { return left == right }
            return place.checksum == FilePlacement.checksum(of: left)
        default: return false
        }
    }

    private func picture(_ found: Sight, _ wanted: TarEntry, _ path: String) -> Change.Part {
        let what = source ?? "the content"
        let plain = Change.Part.action("copy \(what) to \(container):\(path)")
        guard content?.isSecret != true, case .file(let after) = wanted.kind, after.count == wanted.size,
            after.count <= Self.mostShown, !FilePlacement.isBinary(after)
        else { return plain }
        var before: [UInt8]?
        switch found.there?.kind {
        case .file(let bytes):
            guard bytes.count <= Self.mostShown, !FilePlacement.isBinary(bytes) else { return plain }
            before = bytes
        case nil: break
        default: return plain
        }
        // Where only owner or mode differ there is no text to show.
        if before == after { return plain }
        return .text(
            path: "\(container):\(path)", before: before.map { String(decoding: $0, as: UTF8.self) },
            after: String(decoding: after, as: UTF8.self))
    }

    // MARK: Doing

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard var entry = step.entry else { throw Diagnostic(.internal, "nothing to copy") }
        if let source = step.source, case .file = entry.kind {
            let read = try await target.query(#"exec cat -- "$1""#, source)
            guard read.succeeded else {
                throw Diagnostic(
                    .failed, "cannot read '\(source)': \(read.errorOutput.lastLine)", host: target.hostName)
            }
            entry.kind = .file(read.stdout)
            entry.size = read.stdout.count
        }
        let time = try await target.query("date +%s")
        // An archive of nothing goes first: an Engine that knows no such directory does not read what is sent, and
        // what carries a long file there would see a broken connection in place of the answer.
        try await put([UInt8](repeating: 0, count: 1024), step, target)
        try await put(entry.archive(time: Int(hostCount: time.output.trimmed) ?? 0), step, target)
        return .changed(["container_path": .string(step.path)])
    }

    private func put(_ archive: [UInt8], _ step: Step, _ target: some TargetWriter) async throws(Diagnostic) {
        let query = [("path", step.directory), ("noOverwriteDirNonDir", "1")]
        let answer = try await endpoint.change(
            target, [.put("containers", container, "archive", query: query, archive: archive)], timeout: nil)[0]
        if answer.isMissing {
            throw Diagnostic(
                .failed, "cannot copy to '\(step.path)' in container '\(container)': \(answer.message)",
                remedy: "Make the directory '\(step.directory)' there first.", host: target.hostName)
        }
        try answer.check()
    }

    /// The longest content that is shown, in bytes.
    private static let mostShown = 102_400

    /// `$sp_a` the questions to the Engine, `$sp_b` what `dial` is called with, `$sp_c` the content's length if it is
    /// known, then the docker command that asks who the container's user is; `$p` the host's file. The parts of the
    /// last two are apart by a sign that no name holds.
    ///
    /// What stands under the path in the container may be a whole tree: no more is read than what a file as long as
    /// ours takes.
    private static let look: Script = #"""
        apart=$(printf '\037')
        IFS=$apart
        set -f
        set -- $sp_c
        size=${1-}
        [ $# = 0 ] || shift
        unset IFS
        short=
        if [ -z "$size" ]; then
            size=$(wc -c <"$p" 2>/dev/null) || size=0
            if [ -f "$p" ] && [ "$size" -le 102400 ]; then short=1; fi
        fi
        if [ -n "$short" ]; then printf '%d\0' "$size"; head -c "$size" -- "$p"; else printf -- '-\0'; fi
        status=0 said=
        if [ $# -gt 0 ]; then
            said=$("$@" /bin/sh -c 'id -u && id -g' 2>&1 </dev/null)
            status=$?
        fi
        printf '%s\0%s\0' "$status" "$said"
        IFS=$apart
        set -- $sp_b
        [ $# -gt 0 ] || set -- ''
        unset IFS
        set +f
        {
            status=$( {
                printf '%s' "$sp_a" | { dial "$@" 3>&- 4>&-; echo "$?" >&3; } | head -c $((size + size / 64 + 1048576)) >&4
            } 3>&1)
        } 4>&1
        printf '\0%s' "$status"
        """#
}

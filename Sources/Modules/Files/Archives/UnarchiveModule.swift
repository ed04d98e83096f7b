import Diagnostics
import Results
import Target
import Values

/// Unpacks an archive on the host, as `ansible.builtin.unarchive` does.
struct UnarchiveModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.unarchive",
        summary: "Unpack an archive into a directory of the host.",
        description: """
            tar archives, plain or packed with gzip, bzip2, xz or zstd, need GNU tar on the host and that program; zip \
            archives need unzip. What the archive holds is compared with what is there, so that a second run changes \
            nothing. What is there besides stays.
            """,
        arguments: [
            .required(
                "src", .path, "The archive, on the control machine unless `remote_src` is true; then also a URL."),
            .required("dest", .path, "The directory to unpack into; it must be there."),
            .optional("remote_src", .bool, "Whether `src` is on the host, or a URL the host fetches.", default: false),
            .optional("copy", .bool, "The opposite of `remote_src`, as old playbooks have it."),
            .optional("creates", .path, "A path; if it is there, nothing is done."),
            .optional("list_files", .bool, "Tell the names in the archive as `files`.", default: false),
            .optional("exclude", .list(.string), "Names or patterns to leave out.", default: []),
            .optional("include", .list(.string), "The only names to unpack.", default: []),
            .optional("keep_newer", .bool, "Leave files that are younger than the archive's.", default: false),
            .optional("extra_opts", .list(.string), "Further options of tar or unzip, a word each.", default: []),
            .optional("decrypt", .bool, "Open a sealed archive with the vault.", default: true),
            .optional("validate_certs", .bool, "Check the certificate of a URL's server.", default: true),
            .optional("io_buffer_size", .int, "Taken and not needed: the host's own programs unpack.", default: 65536),
        ] + FileAttributes.arguments,
        check: "Full; for a URL, unknown, since nothing is fetched.",
        diff: "Names of what differs.",
        example: """
            - ansible.builtin.unarchive:
                src: https://example.org/tool-1.2.tar.gz
                dest: /opt
                remote_src: true
                creates: /opt/tool-1.2
            """,
        aliases: ["ansible.legacy.unarchive"],
        exclusive: [["include", "exclude"], ["copy", "remote_src"]]
    )

    private let source: ArchiveSource
    /// Without a name and password, if it is a URL.
    private let sourceName: String
    private let destination: String
    private let creates: String?
    private let listsFiles: Bool
    private let options: UnpackOptions
    private let attributes: FileAttributes

    struct Step: Sendable {
        var unpacks = true
        var content = ArchiveContent(kind: .tar)
        var differences: [(path: String, difference: FileAttributes.Difference)] = []
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        let sourceName = try arguments.string("src")
        self.sourceName = Address(sourceName).text
        destination = try arguments.string("dest")
        creates = arguments.optionalString("creates")
        listsFiles = arguments.bool("list_files")
        attributes = try FileAttributes(arguments)
        options = UnpackOptions(arguments)
        let isRemote = arguments.optionalBool("copy").map { !$0 } ?? arguments.bool("remote_src")
        if isRemote {
            source =
                sourceName.contains("://")
                ? .url(try HostDownload(arguments, url: sourceName)) : .host(sourceName)
        } else {
            guard !sourceName.contains("://") else {
                throw Diagnostic(
                    .badValue, "'src: \(Address(sourceName).text)' is a URL, which only the host fetches",
                    at: arguments.location,
                    remedy: "Add 'remote_src: true'.")
            }
            do throws(Diagnostic) {
                let path = try arguments.context.findFile(sourceName, "files")
                source = .content(try arguments.context.readFile(path, arguments.bool("decrypt")))
            } catch {
                // With `creates`, the archive may be needed no more.
                guard creates != nil else { throw error }
                source = .missing(error)
            }
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let paths = [destination, creates ?? destination, source.path.isEmpty ? destination : source.path]
        // Where a path may make all of it needless, the archive is not sent before that is known.
        let comparesAtOnce = creates == nil && source.isAtHand
        let (inspection, early) = try await together(
            { () async throws(Diagnostic) in
                try await target.inspect(paths, owner: attributes.owner, group: attributes.group)
            },
            { () async throws(Diagnostic) in
                comparesAtOnce ? try await comparison(path: source.path, target) : nil
            })
        if let creates, inspection.paths[1].followed.exists {
            return .asWanted(
                ModuleResult(skipped: true, values: ["msg": .string("skipped, since \(creates) exists")]))
        }
        let place = inspection.paths[0]
        if case .missing(let trouble) = source { throw trouble }
        if place.isAwaited(by: target) || place.hasForeseenContent && place.followed.kind == .directory {
            return .change(
                .action("unpack \(sourceName) into \(place.path)"), Step(),
                foreseen: .changed(["dest": .string(destination), "src": .string(sourceName)]))
        }
        guard place.followed.kind == .directory else {
            throw Diagnostic(
                .failed, "'\(place.path)' is not a directory", remedy: "Create it in an earlier task.",
                host: target.hostName)
        }
        try attributes.requireOwners(inspection, on: target)
        if case .url = source { return .unknown(Unknown("what \(sourceName) holds"), Step()) }
        if case .host(let path) = source,
            inspection.paths[2].hasForeseenContent && inspection.paths[2].followed.exists
                || inspection.paths[2].isAwaited(by: target)
        {
            return .unknown(Unknown("what '\(path)' will hold"), Step())
        }
        let answer: CommandResult
        if let early { answer = early } else { answer = try await comparison(path: source.path, target) }
        let content = try content(answer, target)
        if content.isTouched(by: target.foreseen.effects(within: place.path)) {
            return .unknown(Unknown("what earlier tasks leave in '\(place.path)'"), Step())
        }
        return try await plan(content, place, target)
    }

    private func plan(
        _ content: ArchiveContent, _ place: PathInspection, _ target: some TargetReader
    ) async throws(Diagnostic) -> Plan<Step> {
        var step = Step(unpacks: !content.differences.isEmpty, content: content)
        var parts: [Change.Part] = content.differences.prefix(50).map { .action($0) }
        if content.differences.count > 50 { parts.append(.action("… and \(content.differences.count - 50) more")) }
        if !step.unpacks {
            step.differences = try await attributeDifferences(content, place.path, target)
            for (path, difference) in step.differences {
                for case .setting(let name, let before, let after) in difference.parts {
                    parts.append(.setting("\(path): \(name)", before: before, after: after))
                }
            }
        }
        var values = values(content)
        values.merge(place.followed.commonValues)
        if parts.isEmpty { return .asWanted(.ok(values)) }
        values.removeValue(forKey: "size")
        return .change(Change(parts), step, foreseen: .changed(values))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard case .url(let download) = source else { return try await unpack(source.path, step, target) }
        let fetched = try await download.fetch(newerThan: "", to: "", algorithm: "", on: target)
        guard let file = fetched.file else { throw Diagnostic(.failed, "nothing came from \(download.url)") }
        return try await target.removing(file.path) { () async throws(Diagnostic) in
            let content = try content(try await comparison(path: file.path, target), target)
            let place = try await target.inspect([destination]).paths[0]
            switch try await plan(content, place, target) {
            case .asWanted(let result): return result
            case .change(_, let found, _): return try await unpack(file.path, found, target)
            case .unknown: return .ok()
            }
        }
    }

    private func unpack(
        _ path: String, _ step: Step, _ target: some TargetWriter
    ) async throws(Diagnostic) -> ModuleResult {
        var content = step.content
        if step.unpacks {
            let answer = try await target.execute(
                UnpackScripts.script, options.words("unpack", path, destination), input: source.input, timeout: nil)
            content = try ArchiveContent(answer, sourceName, target.hostName)
            let place = try await target.stat(destination)
            guard place.kind == .directory else {
                throw Diagnostic(.failed, "'\(destination)' is not a directory", host: target.hostName)
            }
        }
        let differences =
            step.unpacks ? try await attributeDifferences(content, destination, target) : step.differences
        if !differences.isEmpty { try await FileAttributes.set(differences, on: target) }
        var values = values(content)
        values.merge(try await target.stat(destination).commonValues)
        return .changed(values)
    }

    private func comparison(path: String, _ target: some TargetReader) async throws(Diagnostic) -> CommandResult {
        try await target.query(
            UnpackScripts.script, options.words("compare", path, destination), input: source.input, timeout: nil)
    }

    private func content(_ answer: CommandResult, _ target: some TargetReader) throws(Diagnostic) -> ArchiveContent {
        var content = try ArchiveContent(answer, sourceName, target.hostName)
        content.judge(attributes)
        return content
    }

    /// Owner, group and mode of everything that was unpacked.
    private func attributeDifferences(
        _ content: ArchiveContent, _ directory: String, _ target: some TargetReader
    ) async throws(Diagnostic) -> [(path: String, difference: FileAttributes.Difference)] {
        guard !attributes.isEmpty else { return [] }
        var paths: [String] = []
        var seen: Set<String> = []
        for name in content.unpackedNames {
            let path = FilePlacement.normalized(FilePlacement.join(directory, name))
            if seen.insert(path).inserted { paths.append(path) }
            // The top directory may not be in the archive by itself.
            if let top = name.split(separator: "/").first, name.contains("/"), top != "." {
                let path = FilePlacement.join(directory, String(top))
                if seen.insert(path).inserted { paths.append(path) }
            }
        }
        let inspection = try await target.inspect(paths, owner: attributes.owner, group: attributes.group)
        var result: [(path: String, difference: FileAttributes.Difference)] = []
        // What the archive has behind a link of its own lies elsewhere on the host.
        let links = inspection.paths.filter { $0.entry.kind == .link }.map { $0.path + "/" }
        for found in inspection.paths where found.entry.exists && !links.contains(where: found.path.hasPrefix) {
            let difference = try attributes.difference(from: found.entry, in: inspection, on: target)
            if !difference.isEmpty { result.append((found.path, difference)) }
        }
        return result
    }

    private func values(_ content: ArchiveContent) -> ValueMap {
        var values: ValueMap = [
            "dest": .string(destination), "src": .string(sourceName), "handler": .string(content.kind.handler),
        ]
        if listsFiles { values["files"] = .list(content.names.map { .string($0) }) }
        return values
    }
}

/// Where an archive is.
private enum ArchiveSource: Sendable {
    case content([UInt8])
    case host(String)
    case url(HostDownload)
    case missing(Diagnostic)

    /// A path of the host; empty where the archive is sent along.
    var path: String { if case .host(let path) = self { path } else { "" } }
    /// Whether it can be compared with what is there before it is fetched.
    var isAtHand: Bool {
        switch self {
        case .content, .host: true
        case .url, .missing: false
        }
    }
    var input: [UInt8]? { if case .content(let bytes) = self { bytes } else { nil } }
}

/// What is left out, and how it is unpacked.
private struct UnpackOptions: Sendable {
    let excludes: [String]
    let includes: [String]
    let extra: [String]
    let keepsNewer: Bool

    init(_ arguments: Arguments) {
        excludes = arguments.strings("exclude").map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        includes = arguments.strings("include")
        extra = arguments.strings("extra_opts")
        keepsNewer = arguments.bool("keep_newer")
    }

    func words(_ mode: String, _ path: String, _ destination: String) -> [String] {
        [
            mode, path, destination, keepsNewer ? "1" : "", String(extra.count), String(excludes.count),
        ] + extra + excludes + includes
    }
}

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
    private let sourceName: String
    private let destination: String
    private let creates: String?
    private let listsFiles: Bool
    private let options: UnpackOptions
    private let attributes: FileAttributes

    struct Step: Sendable {
        var unpacks = true
        var names: [String] = []
        var differences: [(path: String, difference: FileAttributes.Difference)] = []
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        sourceName = try arguments.string("src")
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
                    .badValue, "'src: \(sourceName)' is a URL, which only the host fetches", at: arguments.location,
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
        let inspection = try await target.inspect(
            [destination] + (creates.map { [$0] } ?? []), owner: attributes.owner, group: attributes.group)
        if let creates, inspection.paths.last?.followed.exists == true {
            return .asWanted(
                ModuleResult(skipped: true, values: ["msg": .string("skipped, since \(creates) exists")]))
        }
        let place = inspection.paths[0]
        if case .missing(let trouble) = source { throw trouble }
        if place.isAwaited(by: target) || place.isForeseen && place.followed.kind == .directory {
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
        let content = try await compare(path: source.path, target)
        return try await plan(content, place, target)
    }

    private func plan(
        _ content: ArchiveContent, _ place: PathInspection, _ target: some TargetReader
    ) async throws(Diagnostic) -> Plan<Step> {
        var step = Step(unpacks: !content.differences.isEmpty, names: content.names)
        var parts: [Change.Part] = content.differences.prefix(50).map { .action($0) }
        if content.differences.count > 50 { parts.append(.action("… and \(content.differences.count - 50) more")) }
        if !step.unpacks {
            step.differences = try await attributeDifferences(content.names, place.path, target)
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
        guard let file = fetched.file else { throw Diagnostic(.failed, "nothing came from \(download.shownURL)") }
        let outcome: Result<ModuleResult, Diagnostic>
        do throws(Diagnostic) {
            let content = try await compare(path: file.path, target)
            let place = try await target.inspect([destination]).paths[0]
            switch try await plan(content, place, target) {
            case .asWanted(let result): outcome = .success(result)
            case .change(_, let found, _): outcome = .success(try await unpack(file.path, found, target))
            case .unknown: outcome = .success(.ok())
            }
        } catch {
            outcome = .failure(error)
        }
        try await target.perform(#"rm -f -- "$1""#, [file.path], doing: "remove '\(file.path)'")
        return try outcome.get()
    }

    private func unpack(
        _ path: String, _ step: Step, _ target: some TargetWriter
    ) async throws(Diagnostic) -> ModuleResult {
        var content = ArchiveContent(kind: .tar)
        if step.unpacks {
            let answer = try await target.execute(
                UnpackScripts.script, options.words("unpack", path, destination), input: source.input, timeout: nil)
            content = try ArchiveContent(answer, sourceName, target.hostName)
            let place = try await target.stat(destination)
            guard place.kind == .directory else {
                throw Diagnostic(.failed, "'\(destination)' is not a directory", host: target.hostName)
            }
        }
        let names = step.unpacks ? content.names : step.names
        let differences = step.unpacks ? try await attributeDifferences(names, destination, target) : step.differences
        if !differences.isEmpty { try await FileAttributes.set(differences, on: target) }
        var values = values(content)
        values.merge(try await target.stat(destination).commonValues)
        if !step.unpacks, listsFiles { values["files"] = .list(names.map { .string($0) }) }
        return .changed(values)
    }

    private func compare(path: String, _ target: some TargetReader) async throws(Diagnostic) -> ArchiveContent {
        let answer = try await target.query(
            UnpackScripts.script, options.words("compare", path, destination), input: source.input, timeout: nil)
        var content = try ArchiveContent(answer, sourceName, target.hostName)
        content.judge(attributes)
        return content
    }

    /// Owner, group and mode of everything that was unpacked.
    private func attributeDifferences(
        _ names: [String], _ directory: String, _ target: some TargetReader
    ) async throws(Diagnostic) -> [(path: String, difference: FileAttributes.Difference)] {
        guard !attributes.isEmpty else { return [] }
        var paths: [String] = []
        var seen: Set<String> = []
        for name in names {
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
        for found in inspection.paths where found.entry.exists {
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

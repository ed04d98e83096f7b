internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// What an archive of images on the host holds, by its own list.
struct ImageArchive: Sendable {
    /// One image of it.
    struct Image: Sendable {
        /// The image's ID without `sha256:`.
        var id: String
        var names: [String]

        /// Whether that is its one name; one that is asked for by its ID may have any.
        func isNamed(_ reference: ImageReference) -> Bool {
            reference.isID || names.map { ImageReference($0).canonical } == [reference.canonical]
        }
    }

    /// Nil if there is no such file, or no list in it.
    let images: [Image]?
    /// The file; as it is now, even if an earlier task of a dry run writes it.
    let place: PathInspection
    private let inspection: Inspection

    var exists: Bool { place.followed.kind == .file }
    /// Whether what it holds is only known once an earlier task of the dry run has written it.
    var isAwaited: Bool { place.hasForeseenContent }

    init(at path: String, _ target: some TargetReader) async throws(Diagnostic) {
        let (inspection, answer) = try await target.inspect(
            [FilePlacement.directory(of: path), path], with: Self.list, [])
        self.inspection = inspection
        place = inspection.paths[1]
        var rest = answer
        guard !place.hasForeseenContent, let entries = (try? JSON.parse(rest.remainder()))?.elements, !entries.isEmpty
        else {
            images = nil
            return
        }
        images = entries.map { entry in
            // `ID.json`, since Engine 25 `blobs/sha256/ID`.
            let file = entry["Config"].stringValue?.split(separator: "/").last.map(String.init) ?? ""
            return Image(
                id: file.hasSuffix(".json") ? String(file.dropLast(5)) : file,
                names: entry["RepoTags"].items.compactMap(\.stringValue))
        }
    }

    /// Refuses a place where it cannot be written.
    func requirePlace(_ target: some TargetReader) throws(Diagnostic) {
        try inspection.requireFilePlace(1, on: target)
    }

    /// Reads the archive's own list; compressed ones are known by their beginning.
    private static let list: Script = #"""
        if [ -f "$p" ]; then tar -xOf "$p" manifest.json 2>/dev/null || :; fi
        """#
}

extension ImageArchive {
    /// Writes an archive whole or not at all, as other files are written: a link leads to it, an older one's mode and
    /// owner stay.
    ///
    /// - Returns: A change; it warns if what was saved meanwhile could not be removed.
    static func write(
        _ images: [ImageReference], to path: String, from endpoint: DockerEndpoint, on target: some TargetWriter
    ) async throws(Diagnostic) -> ModuleResult {
        let saved = try await target.execute(
            save, [path] + endpoint.commandLine + ["save"] + images.map(\.full))
        guard saved.succeeded else {
            let said = saved.errorOutput.lastLine
            throw Diagnostic(
                .failed, "cannot save the images to '\(path)': \(said.isEmpty ? "status \(saved.status)" : said)",
                remedy: DockerTrouble.remedy(said), host: target.hostName)
        }
        var fields = FieldReader(saved.stdout)
        let source = fields.next()
        let size = Int(fields.next().trimmed) ?? 0
        var file = FileWrite(path: fields.next(), content: [])
        file.size = size
        let placed = file
        return try await target.removing(source) { () async throws(Diagnostic) in
            _ = try await target.place(placed, from: source)
            return .changed()
        }
    }

    /// `$1` the archive, then docker's words. Writes where the images are saved, beside the archive, how many bytes they
    /// are, and the archive's path without `~` and variables.
    private static let save: Script =
        ReadingScripts.expand + #"""
            sp_expand "$1"
            shift
            file=$(readlink -f -- "$p") || file=$p
            place=${file%/*}
            new=$(umask 077; mktemp "${place:-/}/.swiftprov-XXXXXXXXXX") || exit 1
            done=
            trap '[ -n "$done" ] || rm -f -- "$new"' EXIT
            # Whatever ends the shell, it goes with it.
            _t "$new" || { echo 'the path holds a line end, or there is no room to note it' >&2; exit 1; }
            "$@" >"$new" </dev/null || exit 1
            printf '%s\0%s\0%s\0' "$new" "$(wc -c <"$new")" "$p"
            done=1
            """#
}

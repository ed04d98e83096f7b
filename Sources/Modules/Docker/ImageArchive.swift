internal import Diagnostics
internal import Target
internal import Values

/// What an archive of images on the host holds, by its own list.
struct ImageArchive: Sendable {
    /// One image of it.
    struct Image: Sendable {
        /// The image's ID without `sha256:`.
        var id: String
        var names: [String]
    }

    /// Nil if there is no such file, or no list in it.
    let images: [Image]?
    let exists: Bool

    init(at path: String, _ target: some TargetReader) async throws(Diagnostic) {
        let result = try await target.query(Self.list, path)
        exists = result.status != 90
        guard result.succeeded, let entries = (try? JSON.parse(result.stdout))?.elements, !entries.isEmpty else {
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

    /// `$1` the archive; compressed ones are known by their beginning. Status 90 if there is none.
    private static let list: Script = #"""
        [ -f "$1" ] || exit 90
        tar -xOf "$1" manifest.json 2>/dev/null
        """#
}

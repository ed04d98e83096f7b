public import Diagnostics
public import Local

extension LocalFile {
    /// The bytes of a file, opened if they are sealed.
    ///
    /// - Returns: The content, and whether it was sealed: then nothing of it may be shown.
    /// - Throws: `Diagnostic` with code `.missingFile` or `.vault`.
    public static func bytes(
        _ path: String, opening secrets: VaultSecrets
    ) throws(Diagnostic) -> (content: [UInt8], wasSealed: Bool) {
        let raw = try bytes(path)
        guard VaultEnvelope.isSealed(raw) else { return (raw, false) }
        let text = String(decoding: raw, as: UTF8.self)
        let place = SourceLocation(file: SourceFile(name: path, text: text), line: 1, column: 1)
        return (try secrets.open(text, at: place), true)
    }
}

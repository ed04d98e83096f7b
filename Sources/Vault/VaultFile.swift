public import Diagnostics
internal import Glibc
internal import Local
internal import Values

/// Seals and opens whole files, as `vault encrypt`, `decrypt`, `view`, `rekey` and `encrypt_string` need it.
///
/// A file is replaced by renaming a finished one over it: whatever happens in between, the old or the new content
/// stands there, and plaintext is written nowhere but where it was asked for.
public enum VaultFile {
    /// The name that stands for standard input where a file is read, and standard output where one is written.
    public static let standardStream = "-"

    /// Seals a file where it lies, or into another.
    ///
    /// - Parameters:
    ///   - path: The file to seal; `-` for standard input.
    ///   - output: The file to write, `-` for standard output; nil for `path` itself.
    ///   - secrets: The passwords.
    ///   - label: The vault id to seal for; nil for the first password given.
    /// - Throws: `Diagnostic`: unreadable, sealed already, no such password, unwritable.
    public static func encrypt(
        _ path: String, to output: String? = nil, secrets: VaultSecrets, label: String? = nil
    ) throws(Diagnostic) {
        let plain = try bytes(path)
        let sealed = try located(path) { () throws(Diagnostic) in try secrets.seal(plain, label: label) }
        try put(Array(sealed.utf8), at: output ?? path)
    }

    /// Opens a file where it lies, or into another; `-` as with `encrypt`.
    ///
    /// - Throws: `Diagnostic`: unreadable, not sealed, cannot be opened, unwritable.
    public static func decrypt(_ path: String, to output: String? = nil, secrets: VaultSecrets) throws(Diagnostic) {
        try put(try view(path, secrets: secrets), at: output ?? path)
    }

    /// The plaintext of a sealed file; `-` for standard input.
    ///
    /// - Throws: `Diagnostic`: unreadable, not sealed, cannot be opened.
    public static func view(_ path: String, secrets: VaultSecrets) throws(Diagnostic) -> [UInt8] {
        let sealed = String(decoding: try bytes(path), as: UTF8.self)
        return try located(path) { () throws(Diagnostic) in try secrets.open(sealed) }
    }

    /// Seals a sealed file anew with another password.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - secrets: The passwords that open it.
    ///   - password: The password, with its vault id, to seal it with.
    /// - Throws: `Diagnostic`: unreadable, not sealed, cannot be opened, changed meanwhile, unwritable.
    public static func rekey(
        _ path: String, secrets: VaultSecrets, to password: VaultSecrets.Password
    ) throws(Diagnostic) {
        let before = try LocalFile.bytes(path)
        let sealed = try located(path) { () throws(Diagnostic) in
            let plain = try secrets.open(String(decoding: before, as: UTF8.self))
            return try secrets.seal(plain, with: password, label: password.label)
        }
        try write(sealed, to: path, existing: before)
    }

    /// Writes bytes to a file of that name, or to standard output.
    ///
    /// - Throws: `Diagnostic` with code `.failed`.
    public static func put(_ bytes: [UInt8], at path: String) throws(Diagnostic) {
        guard path == standardStream else { return try replace(path, with: bytes) }
        let failure = LocalFile.write(bytes, to: STDOUT_FILENO)
        if failure != 0 {
            throw Diagnostic(.failed, "cannot write to standard output: \(String(cString: strerror(failure)))")
        }
    }

    /// Everything in a file, or all of standard input.
    ///
    /// - Throws: `Diagnostic` with code `.missingFile`.
    public static func bytes(_ path: String) throws(Diagnostic) -> [UInt8] {
        path == standardStream
            ? try LocalFile.contents(of: STDIN_FILENO, named: "standard input") : try LocalFile.bytes(path)
    }

    /// Puts a sealed text in the place of what was read before, unless somebody else changed that meanwhile.
    ///
    /// - Parameters:
    ///   - sealed: The text.
    ///   - path: The file.
    ///   - existing: What the file held; nil if it was not there.
    static func write(_ sealed: String, to path: String, existing: [UInt8]?) throws(Diagnostic) {
        let now = LocalFile.kind(path) == nil ? nil : try LocalFile.bytes(path)
        guard now == existing else {
            // A person's work is not thrown away: it is kept, sealed, beside the file.
            let kept = "\(path).edited"
            try replace(kept, with: Array(sealed.utf8))
            throw Diagnostic(
                .failed, "'\(path)' was changed by somebody else meanwhile",
                remedy: "Your text is sealed in '\(kept)'; bring the two together with `swiftprov vault edit`.")
        }
        try replace(path, with: Array(sealed.utf8))
    }

    /// A sealed value as it is pasted into YAML: `name: !vault |` and the indented text below.
    ///
    /// - Parameters:
    ///   - name: The variable's name; nil for the value alone.
    ///   - sealed: The sealed text.
    public static func yaml(_ name: String?, sealed: String) -> String {
        let head = (name.map { "\($0): " } ?? "") + "!vault |\n"
        return head + sealed.split(separator: "\n").map { "          \($0)" }.joined(separator: "\n")
    }

    /// Does something with a file's content, whose name its errors then begin with.
    static func located<Result>(
        _ path: String, _ work: () throws(Diagnostic) -> Result
    ) throws(Diagnostic) -> Result {
        do throws(Diagnostic) {
            return try work()
        } catch {
            var error = error
            error.summary = "\(path): \(error.summary)"
            throw error
        }
    }

    /// Puts a finished file where `path` is, with the mode and owner of what was there, else readable by its owner
    /// only. A link stays a link: what it points to is replaced.
    private static func replace(_ path: String, with bytes: [UInt8]) throws(Diagnostic) {
        try LocalFile.replace(resolved(path), with: bytes, access: .asBefore)
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}

public import Diagnostics
internal import Glibc

/// Seals and opens whole files, as `vault encrypt`, `decrypt`, `view`, `rekey` and `encrypt_string` need it.
///
/// A file is replaced by renaming a finished one over it: whatever happens in between, the old or the new content
/// stands there, and plaintext is written nowhere but where it was asked for.
public enum VaultFile {
    /// Seals a file where it lies, or into another.
    ///
    /// - Parameters:
    ///   - path: The file to seal.
    ///   - output: The file to write; nil for `path` itself.
    ///   - secrets: The passwords.
    ///   - label: The vault id to seal for; nil for the first password given.
    /// - Throws: `Diagnostic`: unreadable, sealed already, no such password, unwritable.
    public static func encrypt(
        _ path: String, to output: String? = nil, secrets: VaultSecrets, label: String? = nil
    ) throws(Diagnostic) {
        let plain = try LocalFile.bytes(path)
        try replace(
            output ?? path,
            with: Array(
                try located(path) { () throws(Diagnostic) in
                    try secrets.seal(plain, label: label)
                }.utf8))
    }

    /// Opens a file where it lies, or into another.
    ///
    /// - Throws: `Diagnostic`: unreadable, not sealed, cannot be opened, unwritable.
    public static func decrypt(_ path: String, to output: String? = nil, secrets: VaultSecrets) throws(Diagnostic) {
        try replace(output ?? path, with: try view(path, secrets: secrets))
    }

    /// The plaintext of a sealed file.
    ///
    /// - Throws: `Diagnostic`: unreadable, not sealed, cannot be opened.
    public static func view(_ path: String, secrets: VaultSecrets) throws(Diagnostic) -> [UInt8] {
        let sealed = String(decoding: try LocalFile.bytes(path), as: UTF8.self)
        return try located(path) { () throws(Diagnostic) in try secrets.open(sealed) }
    }

    /// Seals a sealed file anew with another password.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - secrets: The passwords that open it.
    ///   - password: The password, with its vault id, to seal it with.
    /// - Throws: `Diagnostic`: unreadable, not sealed, cannot be opened, unwritable.
    public static func rekey(
        _ path: String, secrets: VaultSecrets, to password: VaultSecrets.Password
    ) throws(Diagnostic) {
        let plain = try view(path, secrets: secrets)
        let sealed = try located(path) { () throws(Diagnostic) in try VaultSecrets([password]).seal(plain) }
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

    private static func located<Result>(
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
    /// only.
    private static func replace(_ path: String, with bytes: [UInt8]) throws(Diagnostic) {
        // A link stays a link: what it points to is replaced.
        let target = resolved(path)
        var before = stat()
        let existed = stat(target, &before) == 0
        var template = Array("\(target).swiftprov-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let temporary = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        var failure: Int32 = written < bytes.count ? errno : 0
        if failure == 0, existed {
            // Only root may give a file away; the mode is what matters.
            _ = fchown(descriptor, before.st_uid, before.st_gid)
            if fchmod(descriptor, before.st_mode & 0o7777) != 0 { failure = errno }
        }
        if failure == 0, fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        if failure == 0, rename(temporary, target) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(temporary)
            throw unwritable(path, failure)
        }
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func unwritable(_ path: String, _ error: Int32) -> Diagnostic {
        Diagnostic(
            .failed, "cannot write '\(path)': \(String(cString: strerror(error)))",
            remedy: "Check the directory's rights and the space left; the file is as it was.")
    }
}

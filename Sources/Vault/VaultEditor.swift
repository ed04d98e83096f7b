public import Diagnostics
internal import Glibc
internal import Local
internal import Values

/// Lets a person edit a sealed file, as `vault create` and `vault edit` do.
///
/// The plaintext lies in a file of a private directory while the editor runs, and nowhere after: not if the editor
/// fails or is killed, nor if this process is. The sealed file is replaced in one step, and only by what an editor
/// that ended well has left.
public enum VaultEditor {
    /// What came of it.
    public enum Outcome: Sendable {
        /// The text is what it was; the sealed file was not touched.
        case unchanged
        case saved
    }

    /// Makes a sealed file out of what is written in an editor.
    ///
    /// Directories that are missing on the way are made, for this user only.
    ///
    /// - Parameters:
    ///   - path: The file to make.
    ///   - editor: The editor's words; the path to edit is put behind them.
    ///   - secrets: The passwords.
    ///   - label: The vault id to seal for; nil for the first password given.
    /// - Throws: `Diagnostic`: the file is there already, no such password, the editor failed, unwritable.
    public static func create(
        _ path: String, editor: [String], secrets: VaultSecrets, label: String? = nil
    ) throws(Diagnostic) {
        if LocalFile.kind(path) != nil {
            throw Diagnostic(
                .failed, "'\(path)' is there already", remedy: "Change it with `swiftprov vault edit`.")
        }
        // A password that is missing should not be found out after the work of writing.
        let password = try secrets.password(for: label)
        try makeDirectories(above: path)
        let text = try edited([], like: path, editor)
        try VaultFile.write(secrets.seal(text, with: password, label: password.label), to: path, existing: nil)
    }

    /// Opens a sealed file in an editor and seals what becomes of it with the same password and vault id.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - editor: The editor's words; the path to edit is put behind them.
    ///   - secrets: The passwords.
    /// - Throws: `Diagnostic`: unreadable, not sealed, cannot be opened, the editor failed, changed meanwhile,
    ///   unwritable.
    public static func edit(
        _ path: String, editor: [String], secrets: VaultSecrets
    ) throws(Diagnostic) -> Outcome {
        let bytes = try LocalFile.bytes(path)
        let (plain, password, label) = try VaultFile.located(path) { () throws(Diagnostic) in
            let sealed = String(decoding: bytes, as: UTF8.self)
            let (plain, password) = try secrets.opening(sealed)
            return (plain, password, try VaultEnvelope(sealed).label)
        }
        let text = try edited(plain, like: path, editor)
        if text == plain { return .unchanged }
        try VaultFile.write(secrets.seal(text, with: password, label: label), to: path, existing: bytes)
        return .saved
    }

    private static func edited(_ plain: [UInt8], like path: String, _ editor: [String]) throws(Diagnostic) -> [UInt8] {
        let watch = try SignalWatch()
        defer { watch.finish() }
        let directory = try PrivateDirectory()
        defer { directory.wipe() }
        let file = try directory.write(plain, named: name(like: path))
        let program = editor.first ?? ""
        let status: Int
        do throws(LocalProgram.SpawnFailure) {
            status = watch.wait(for: try LocalProgram.spawn(editor + [file], searches: true))
        } catch {
            throw Diagnostic(
                .commandFailed, "the editor '\(program)' cannot be run: \(error.reason)",
                remedy: "Set EDITOR to the one you use, such as `export EDITOR=nano`.")
        }
        guard status == 0, watch.ending == nil else {
            let how = status > 128 ? "was ended by signal \(status - 128)" : "ended with status \(status)"
            throw Diagnostic(
                .commandFailed, "the editor '\(program)' \(how); nothing was saved",
                remedy: "What was sealed is as it was. Edit it again.")
        }
        return try LocalFile.bytes(file)
    }

    /// A name that tells the editor the kind of file, and nothing else about it.
    private static func name(like path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "vault" }
        return "vault" + name[dot...]
    }

    private static func makeDirectories(above path: String) throws(Diagnostic) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/").dropLast() {
            made += part + "/"
            if LocalFile.kind(made) == .directory { continue }
            guard mkdir(made, 0o700) == 0 else {
                throw Diagnostic(
                    .failed, "cannot make the directory '\(made)': \(String(cString: strerror(errno)))",
                    remedy: "Check the rights of the directory above it.")
            }
        }
    }
}

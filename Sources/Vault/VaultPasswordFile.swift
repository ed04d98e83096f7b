public import Diagnostics
import Local
internal import Values

/// Gets a vault password from a file, or from the program that the file is.
public enum VaultPasswordFile {
    /// Reads the password that a `--vault-password-file` or `--vault-id label@path` names.
    ///
    /// An executable file is run and its output taken; one whose name ends in `-client` (before its extension) is
    /// given `--vault-id LABEL`, as Ansible gives it. Blanks and line ends around the password are not part of it.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - label: The vault id that the password is for; nil if none was named.
    ///   - earlier: Passwords already known: a password file may itself be sealed with one of them.
    /// - Throws: `Diagnostic` with code `.vault` or `.missingFile`, naming the file.
    public static func read(
        _ path: String, label: String? = "default", earlier: VaultSecrets = .none
    ) throws(Diagnostic) -> VaultSecrets.Password {
        guard let kind = LocalFile.kind(path) else {
            throw Diagnostic(
                .missingFile, "there is no vault password file '\(path)'",
                remedy: "Check the path given with --vault-password-file, --vault-id or ansible.cfg.")
        }
        if kind == .directory {
            throw Diagnostic(.vault, "the vault password file '\(path)' is a directory", remedy: "Name a file in it.")
        }
        let executable = LocalFile.isExecutable(path)
        var raw = executable ? try output(of: path, label: label) : try LocalFile.bytes(path)
        if !executable, VaultEnvelope.isSealed(raw), !earlier.isEmpty {
            raw = try VaultFile.view(path, secrets: earlier)
        }
        if VaultEnvelope.isSealed(raw) {
            throw Diagnostic(
                .vault, "the vault password file '\(path)' is itself vaulted",
                remedy: "Store the password unsealed, readable by you only, or name the password that opens it before.")
        }
        let password = trimmed(raw, blanks: !executable)
        guard !password.isEmpty else {
            throw Diagnostic(
                .vault, "the vault password from '\(path)' is empty",
                remedy: executable
                    ? "The program must print the password." : "Write the password into the file's first line.")
        }
        return VaultSecrets.Password(label: label ?? "default", password)
    }

    private static func output(of path: String, label: String?) throws(Diagnostic) -> [UInt8] {
        // A bare name would be looked for nowhere: the program is run by path, without a search.
        let program = path.contains("/") ? path : "./\(path)"
        let isClient = isClient(path)
        let outcome = try LocalProgram.run(
            [program] + (isClient ? label.map { ["--vault-id", $0] } ?? [] : []), showsErrors: !isClient)
        if outcome.status != 0 {
            let said =
                String(decoding: outcome.errors, as: UTF8.self).split(separator: "\n").last.map { ": \($0)" } ?? ""
            let unknown =
                isClient && outcome.status == 2 ? ", which means that it knows no vault id '\(label ?? "default")'" : ""
            throw Diagnostic(
                .vault, "the vault password program '\(path)' ended with status \(outcome.status)\(unknown)\(said)",
                remedy: "Run it by hand, or remove its executable bit if it is a plain password file.")
        }
        return outcome.output
    }

    /// Whether the file's name, without extension, ends in `-client`.
    static func isClient(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        let stem = name.lastIndex(of: ".").map { $0 > name.startIndex ? name[..<$0] : name } ?? name
        return stem.hasSuffix("-client")
    }

    private static func trimmed(_ bytes: [UInt8], blanks: Bool) -> [UInt8] {
        func isOutside(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
                || blanks && (byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == 0x0B || byte == 0x0C)
        }
        var bytes = bytes[...]
        while let first = bytes.first, isOutside(first) { bytes = bytes.dropFirst() }
        while let last = bytes.last, isOutside(last) { bytes = bytes.dropLast() }
        return Array(bytes)
    }
}

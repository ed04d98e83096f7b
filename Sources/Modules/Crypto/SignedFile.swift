import Diagnostics
import Results
import Target
import Values
import X509

/// A private key that a task signs with, by path or by content.
struct SigningKey: Sendable {
    var path: String?
    var content: String?
    var passphrase: String?

    /// - Parameter prefix: What the arguments' names begin with, such as `privatekey`.
    init(_ arguments: Arguments, _ prefix: String) {
        path = arguments.optionalString("\(prefix)_path")
        content = arguments.optionalString("\(prefix)_content")
        passphrase = arguments.optionalString("\(prefix)_passphrase").flatMap { $0.isEmpty ? nil : $0 }
    }

    var isGiven: Bool { path != nil || content != nil }

    func require(_ prefix: String, _ module: String) throws(Diagnostic) {
        guard isGiven else {
            throw Diagnostic(
                .missingArgument, "\(module) needs one of '\(prefix)_path' and '\(prefix)_content'",
                remedy: "Name the private key that signs.")
        }
    }

    var question: CryptoHost.Question { .key(path: path, content: content, passphrase: passphrase) }
    var words: String { path.map { "the private key '\($0)'" } ?? "the given private key" }

    /// Signs on the host, where the key is.
    ///
    /// - Throws: `Diagnostic` with code `.failed` and what `openssl` said.
    func sign(
        _ bytes: [UInt8], _ algorithm: SignatureAlgorithm, on target: some TargetWriter
    ) async throws(Diagnostic) -> [UInt8] {
        try await target.perform(
            Self.script, [path ?? "", content ?? "", passphrase ?? "", algorithm.digest ?? ""], input: bytes,
            doing: "sign with \(words)"
        ).stdout
    }

    /// `$1` the key's path, or `$2` its content, `$3` its passphrase, `$4` the digest; what is to be signed on standard
    /// input. Only built-in commands see the passphrase.
    private static let script: Script =
        ReadingScripts.expand + #"""
            umask 077
            work=$(mktemp -d) || exit 1
            trap 'rm -rf "$work"' EXIT
            cat >"$work/content" || exit 1
            if [ -n "$2" ]; then printf '%s\n' "$2" >"$work/key" || exit 1; p=$work/key; else sp_expand "$1"; fi
            if [ -n "$4" ]; then
                printf '%s\n' "$3" | openssl dgst "-$4" -sign "$p" -passin stdin -out "$work/signature" "$work/content" || exit 1
            else
                printf '%s\n' "$3" | openssl pkeyutl -sign -rawin -inkey "$p" -passin stdin -in "$work/content" -out "$work/signature" || exit 1
            fi
            [ -s "$work/signature" ] || { echo 'openssl made no signature' >&2; exit 1; }
            cat "$work/signature"
            """#
}

/// What is to be done about a file whose content a private key signs.
struct SignedFile: Sendable {
    var output: CryptoOutput.Step
    /// What is to be signed, and how.
    var content: [UInt8] = []
    var algorithm: SignatureAlgorithm?
    var values: ValueMap = [:]
    /// The file's content as it is.
    var existing: String?

    /// Does it.
    ///
    /// - Parameters:
    ///   - returning: The name under which the content is told; nil to leave it out.
    ///   - pem: The file's text, made of what was signed and the signature.
    func apply(
        _ place: CryptoOutput, signer: SigningKey, returning name: String?, on target: some TargetWriter,
        pem: ([UInt8], SignatureAlgorithm, [UInt8]) -> String
    ) async throws(Diagnostic) -> ModuleResult {
        var values = values
        var text = place.isWanted ? existing : nil
        if case .make(var file) = output {
            guard let algorithm else { throw Diagnostic(.internal, "no key for '\(file.path)'") }
            let made = pem(content, algorithm, try await signer.sign(content, algorithm, on: target))
            file.content = Array(made.utf8)
            if let path = try await target.write(file).backupPath { values["backup_file"] = .string(path) }
            text = made
        } else if let kept = try await place.carryOut(output, on: target) {
            values["backup_file"] = .string(kept)
        }
        if let name { values[name] = text.map { .string($0) } ?? .null }
        return .changed(values)
    }
}

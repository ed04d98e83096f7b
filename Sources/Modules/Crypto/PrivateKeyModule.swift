import Diagnostics
import Results
import Target
import Values
import X509

/// Private keys, as `community.crypto.openssl_privatekey` makes them. They are made on the host and never leave it,
/// unless `return_content` asks for it.
struct PrivateKeyModule: Module {
    static let manual = ModuleManual(
        name: "community.crypto.openssl_privatekey",
        summary: "Make a private key on the host.",
        description: """
            The key is made by the host's `openssl` and lies in a file that only its owner may read, unless `mode` says \
            otherwise. A key that is not as the task wants it is replaced by a new one: `regenerate` says when.
            """,
        arguments: [
            .optional(
                "type", .string, "The algorithm.", default: "RSA",
                choices: ["DSA", "ECC", "Ed25519", "Ed448", "RSA", "X25519", "X448"]),
            .optional("size", .int, "Bits of an RSA or DSA key.", default: 4096),
            .optional("curve", .string, "The curve of an ECC key.", choices: PublicKey.curves.map(\.name)),
            .optional("passphrase", .string, "What the key is encrypted with.", secret: true),
            .optional("cipher", .string, "How; `auto` is the only choice.", default: "auto", choices: ["auto"]),
            .optional(
                "format", .string, "How it is written; `auto_ignore` takes an existing key in any format.",
                default: "auto_ignore", choices: ["pkcs1", "pkcs8", "raw", "auto", "auto_ignore"]),
            .optional(
                "format_mismatch", .string, "What to do about a key in another format.", default: "regenerate",
                choices: ["regenerate", "convert"]),
            .optional(
                "regenerate", .string,
                """
                When to replace a key: `never`; not, but fail if it is another than wanted (`fail`); if it is another \
                (`partial_idempotence`); also if it cannot be read (`full_idempotence`); `always`.
                """,
                default: "full_idempotence",
                choices: ["never", "fail", "partial_idempotence", "full_idempotence", "always"]),
        ] + CryptoOutput.arguments,
        diff: "kind and size of the key; never the key",
        example: """
            - community.crypto.openssl_privatekey:
                path: /etc/ssl/private/example.org.key
                type: ECC
                curve: secp256r1
            """,
        aliases: ["ansible.builtin.openssl_privatekey"]
    )

    private let output: CryptoOutput
    private let type: String
    private let size: Int
    private let curve: (dotted: String, name: String, opensslName: String, bits: Int)?
    private let passphrase: String?
    private let format: String
    private let converts: Bool
    private let regenerate: String
    private let returnsContent: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        output = try CryptoOutput(arguments, mode: 0o600)
        type = try arguments.string("type")
        size = arguments.int("size") ?? 4096
        let curve = arguments.optionalString("curve")
        self.curve = PublicKey.curves.first { $0.name == curve }
        passphrase = arguments.optionalString("passphrase").flatMap { $0.isEmpty ? nil : $0 }
        format = try arguments.string("format")
        converts = arguments.optionalString("format_mismatch") == "convert"
        regenerate = arguments.bool("force") ? "always" : try arguments.string("regenerate")
        returnsContent = arguments.bool("return_content")
        if type == "ECC", curve == nil {
            throw Diagnostic(
                .missingArgument, "a key of type ECC needs 'curve'", at: arguments.location,
                remedy: "Such as secp256r1 or secp384r1.")
        }
        if type == "RSA" || type == "DSA", !(512...16384).contains(size) {
            throw Diagnostic(
                .badValue, "a key cannot have \(size) bits", at: arguments.location, remedy: "Such as 3072 or 4096.")
        }
        if format == "raw", type == "RSA" || type == "DSA" || type == "ECC" || passphrase != nil {
            throw Diagnostic(
                .badValue, "only keys of type Ed25519, Ed448, X25519 and X448 without a passphrase are written raw",
                at: arguments.location, remedy: "Use the format pkcs8.")
        }
        if format == "pkcs1", type != "RSA", type != "DSA", type != "ECC" {
            throw Diagnostic(
                .badValue, "a key of type \(type) cannot be written in the format pkcs1", at: arguments.location,
                remedy: "Use the format pkcs8.")
        }
        if let passphrase, passphrase.utf8.contains(where: { $0 == 10 || $0 == 0x1F }) {
            throw Diagnostic(.badValue, "a passphrase is one line", at: arguments.location)
        }
    }

    struct Step: Sendable {
        var output: CryptoOutput.Step
        /// Whether the key stays and is only written in another format.
        var isConversion = false
        var values: ValueMap
    }

    private var wantedFormat: String {
        if format != "auto", format != "auto_ignore" { return format }
        return ["RSA", "DSA", "ECC"].contains(type) ? "pkcs1" : "pkcs8"
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        guard output.isWanted else {
            return try await output.planRemoval(target, told(output.path))
                .map { Step(output: $0, values: [:]) }
        }
        let kind = ["X25519", "Ed25519"].contains(type) ? ":\(type)" : ""
        let question = CryptoHost.Question.typedKey(kind, path: output.path, passphrase: passphrase)
        guard let found = try await CryptoHost.ask(output.path, output.attributes, [question], on: target) else {
            return try target.lacking(
                "openssl", remedy: CryptoHost.missingProgram, step: Step(output: .none, values: [:]))
        }
        let verdict: Verdict
        var publicKey: PublicKey?
        switch found.answers.first {
        case .awaited(let unknown)?: return .unknown(unknown, Step(output: .none, values: [:]))
        case .key(let key)?:
            publicKey = key.publicKey
            verdict = try judge(key, target.hostName)
        default: verdict = .make
        }
        var parts: [Change.Part]?
        switch verdict {
        case .keep: parts = nil
        case .convert: parts = [.action("the key in \(found.place.path) would be written as \(wantedFormat)")]
        case .make:
            parts = [.setting("key", before: .string(Self.described(publicKey) ?? "none"), after: .string(wish))]
        }
        var values = told(found.place.path)
        values["fingerprint"] =
            verdict == .make
            ? .unknown(Unknown("the fingerprint of a new key"))
            : publicKey.map { Fingerprints.values($0.info) } ?? .null
        guard let (change, step) = try output.plan(found, makes: parts, target) else {
            return try await withContent(values, found.place.path, target)
        }
        return .change(
            change, Step(output: step, isConversion: verdict == .convert, values: values), foreseen: .changed(values))
    }

    private enum Verdict { case keep, convert, make }

    private func judge(_ key: CryptoHost.Key, _ host: String) throws(Diagnostic) -> Verdict {
        if regenerate == "always" { return .make }
        let remedy =
            "`regenerate` says which keys may be replaced; `force: true` replaces it whatever it is."
        guard let publicKey = key.publicKey, key.isEncrypted == (passphrase != nil) else {
            if regenerate == "full_idempotence" { return .make }
            throw Diagnostic(
                .failed, "cannot read the key '\(output.path)': it is broken, or has another passphrase or none",
                remedy: remedy, host: host)
        }
        let mayReplace = regenerate == "partial_idempotence" || regenerate == "full_idempotence"
        if regenerate != "never", !isSameKind(publicKey) {
            if mayReplace { return .make }
            throw Diagnostic(
                .failed, "the key '\(output.path)' is \(Self.described(publicKey) ?? "another"), not \(wish)",
                remedy: remedy, host: host)
        }
        guard format != "auto_ignore", Self.format(key) != wantedFormat else { return .keep }
        if converts { return .convert }
        if regenerate == "never" { return .keep }
        if mayReplace { return .make }
        throw Diagnostic(
            .failed, "the key '\(output.path)' is written as \(Self.format(key)), not as \(wantedFormat)",
            remedy: remedy + " `format_mismatch: convert` keeps the key and writes it anew.", host: host)
    }

    private func isSameKind(_ key: PublicKey) -> Bool {
        switch key.kind {
        case .rsa(let modulus, _): type == "RSA" && modulus.bitCount == size
        case .dsa(let p, _, _, _): type == "DSA" && p.bitCount == size
        case .elliptic(let dotted, _): type == "ECC" && dotted == curve?.dotted
        case .ed25519: type == "Ed25519"
        case .ed448: type == "Ed448"
        case .x25519: type == "X25519"
        case .x448: type == "X448"
        case .other: false
        }
    }

    private static func format(_ key: CryptoHost.Key) -> String {
        guard let label = key.label else { return "raw" }
        return label.isEmpty || label == "ENCRYPTED" ? "pkcs8" : "pkcs1"
    }

    /// The key that is wanted, in words.
    private var wish: String {
        switch type {
        case "RSA", "DSA": "\(type) with \(size) bits"
        case "ECC": "ECC on \(curve?.name ?? "")"
        default: type
        }
    }

    private static func described(_ key: PublicKey?) -> String? {
        guard let key else { return nil }
        switch key.kind {
        case .rsa(let modulus, _): return "RSA with \(modulus.bitCount) bits"
        case .dsa(let p, _, _, _): return "DSA with \(p.bitCount) bits"
        case .elliptic(let dotted, _): return "ECC on \(PublicKey.curves.first { $0.dotted == dotted }?.name ?? dotted)"
        case .ed25519: return "Ed25519"
        case .ed448: return "Ed448"
        case .x25519: return "X25519"
        case .x448: return "X448"
        case .other(let dotted): return dotted
        }
    }

    private func told(_ path: String) -> ValueMap {
        var values: ValueMap = ["filename": .string(path), "type": .string(type), "size": .int(size)]
        if let curve { values["curve"] = .string(curve.name) }
        return values
    }

    private func withContent(
        _ values: ValueMap, _ path: String, _ target: some TargetReader
    ) async throws(Diagnostic) -> Plan<Step> {
        var values = values
        if returnsContent { values["privatekey"] = try await content(path, target) }
        return .asWanted(.ok(values))
    }

    private func content(_ path: String, _ target: some TargetReader) async throws(Diagnostic) -> Value {
        guard let bytes = try await target.bytes(at: path) else { return .null }
        guard let text = String(validating: bytes, as: UTF8.self), text.contains("-----BEGIN") else {
            return .string(Base64.encode(bytes))
        }
        return .string(text)
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var values = step.values
        if case .make(var file) = step.output {
            let made = try await target.perform(
                Self.make,
                [
                    step.isConversion ? file.path : "", type, String(size), curve?.opensslName ?? "", wantedFormat,
                    passphrase ?? "",
                ],
                doing: "make the key '\(file.path)'")
            var fields = FieldReader(made.stdout)
            let directory = fields.next()
            do throws(Diagnostic) {
                file.size = Int(fields.next().trimmed) ?? 0
                let info = Base64.decode(fields.next()) ?? []
                values["fingerprint"] = Fingerprints.values(try PublicKey(info).info)
                let outcome = try await target.place(file, from: directory + "/key")
                if let path = outcome.backupPath { values["backup_file"] = .string(path) }
            } catch {
                // Why it was not put in place is what counts; the copy goes with the shell at the latest.
                _ = try? await target.execute(Self.forget, directory)
                throw error
            }
            try await target.perform(Self.forget, [directory], doing: "remove '\(directory)'")
        } else {
            let kept = try await output.carryOut(step.output, on: target)
            if let kept { values["backup_file"] = .string(kept) }
            guard output.isWanted else { return .changed(told(output.path).merging(values)) }
        }
        if returnsContent, let path = values["filename"]?.pythonText {
            values["privatekey"] = try await content(path, target)
        }
        return .changed(values)
    }

    /// `$1` a key to write in another format, or empty; `$2` type, `$3` bits, `$4` curve, `$5` format, `$6` passphrase.
    /// Writes the private directory in which the new file `key` lies, its size, and the public half.
    private static let make: Script = #"""
        umask 077
        work=$(mktemp -d) || exit 1
        done=
        trap '[ -n "$done" ] || rm -rf "$work"' EXIT
        cd "$work" || exit 1
        if [ -n "$1" ]; then
            printf '%s\n' "$6" | openssl pkey -in "$1" -passin stdin -out plain || exit 1
        else
            case $2 in
            RSA) openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$3" -out plain ;;
            ECC) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$4" -pkeyopt ec_param_enc:named_curve -out plain ;;
            DSA)
                openssl genpkey -genparam -algorithm DSA -pkeyopt "dsa_paramgen_bits:$3" -out parameters &&
                openssl genpkey -paramfile parameters -out plain
                ;;
            *) openssl genpkey -algorithm "$2" -out plain ;;
            esac 2>trouble || { tail -n 1 trouble >&2; exit 1; }
        fi
        set -- "$5" "$6" "$2"
        case $1 in
        raw)
            case $3 in Ed448) size=57 ;; X448) size=56 ;; *) size=32 ;; esac
            openssl pkey -in plain -outform DER | tail -c "$size" >key || exit 1
            ;;
        *)
            case $1 in pkcs1) traditional=-traditional ;; *) traditional= ;; esac
            if [ -n "$2" ]; then
                printf '%s\n' "$2" | openssl pkey -in plain $traditional -aes256 -passout stdin -out key || exit 1
            else
                openssl pkey -in plain $traditional -out key || exit 1
            fi
            ;;
        esac
        public=$(openssl pkey -in plain -pubout -outform DER | base64) || exit 1
        rm -f plain parameters trouble
        done=1
        printf '%s\0%s\0%s\0' "$work" "$(wc -c <key)" "$public"
        """#

    private static let forget: Script = #"rm -rf -- "$1""#
}

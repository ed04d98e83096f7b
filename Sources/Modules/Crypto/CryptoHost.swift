import Diagnostics
import Results
import Target
import Values
import X509

/// What modules of keys and certificates ask a host, all in one request. Private keys stay there: what leaves is the
/// public half, made by the host's `openssl`.
struct CryptoHost: Sendable {
    /// Something to look at besides the module's own file.
    enum Question: Sendable {
        /// A private key, by path or by content.
        case key(path: String?, content: String?, passphrase: String?)
        /// The same; a file without PEM around it is taken for a key of the type behind the colon (`:X25519`).
        case typedKey(String, path: String, passphrase: String?)
        /// A file's bytes.
        case file(String)

        fileprivate var words: [String] {
            switch self {
            case .key(let path, let content, let passphrase): ["key", path ?? "", content ?? "", passphrase ?? ""]
            case .typedKey(let type, let path, let passphrase): ["key" + type, path, "", passphrase ?? ""]
            case .file(let path): ["file", path, "", ""]
            }
        }

        fileprivate var path: String? {
            switch self {
            case .key(let path, _, _): path
            case .typedKey(_, let path, _): path
            case .file(let path): path
            }
        }
    }

    /// What there was to see.
    enum Answer: Sendable {
        case absent
        /// It will be there, as an earlier task of this dry run leaves it.
        case awaited(Unknown)
        case file([UInt8])
        case key(Key)
    }

    struct Key: Sendable {
        /// Nil if it could not be read with that passphrase.
        var publicKey: PublicKey?
        /// Between `BEGIN` and `PRIVATE KEY`: `RSA`, `ENCRYPTED`, nothing; nil if the file is no PEM.
        var label: String?
        var isEncrypted: Bool
        /// Why it could not be read.
        var trouble: String
    }

    /// The module's own file.
    let place: PathInspection
    /// The directory it is in.
    let parent: PathInspection
    let inspection: Inspection
    /// Seconds since 1970, by the host's clock.
    let now: Int
    var answers: [Answer]

    static let missingProgram = "Install it with an earlier task (package: name=openssl)."

    /// - Returns: Nil if the host has no `openssl`.
    static func ask(
        _ output: String, _ attributes: FileAttributes, _ questions: [Question], on target: some TargetReader
    ) async throws(Diagnostic) -> CryptoHost? {
        // One word for the shell, taken apart there; what separates the parts cannot stand in a path or in PEM.
        let words = questions.flatMap(\.words).map { $0 + "\u{1F}" }.joined()
        let asked = try await target.inspect(
            [FilePlacement.directory(of: output), output], checksums: true, owner: attributes.owner,
            group: attributes.group, with: look, [words])
        guard let place = asked.inspection.paths.last, let parent = asked.inspection.paths.first else {
            throw Diagnostic(.internal, "no answer about '\(output)'")
        }
        var rest = asked.rest
        guard let now = Int(rest.next()) else { return nil }
        var answers: [Answer] = []
        for question in questions {
            let path = rest.next()
            let state = rest.next()
            let label = rest.next()
            let trouble = rest.next()
            let bytes = Base64.decode(rest.next()) ?? []
            if question.path != nil, let effect = target.foreseen.effect(at: path), effect.kind != .absent {
                if case .file = question, let content = effect.content {
                    answers.append(.file(content))
                } else {
                    answers.append(.awaited(Unknown("'\(path)', which an earlier task makes")))
                }
                continue
            }
            switch (question, state) {
            case (_, "absent"): answers.append(.absent)
            case (_, "denied"):
                throw Diagnostic(
                    .failed, "cannot read '\(path)': permission denied", remedy: "Become root with `become: true`.",
                    host: target.hostName)
            case (.file, _): answers.append(.file(bytes))
            case (.key, _), (.typedKey, _):
                answers.append(
                    .key(
                        Key(
                            publicKey: bytes.isEmpty ? nil : try? PublicKey(bytes),
                            label: label.isEmpty ? nil : String(label.dropFirst()),
                            isEncrypted: state == "encrypted", trouble: trouble)))
            }
        }
        return CryptoHost(
            place: place, parent: parent, inspection: asked.inspection, now: now, answers: answers)
    }

    /// The public half of a key that is needed to go on.
    ///
    /// - Parameter what: What it is, for messages: `the private key '/k.pem'`.
    /// - Returns: Nil if an earlier task of the dry run makes it.
    static func usable(
        _ answer: Answer, _ what: String, passphrase: String?, host: String
    ) throws(Diagnostic) -> PublicKey? {
        switch answer {
        case .awaited: return nil
        case .key(let key):
            if let publicKey = key.publicKey, key.isEncrypted == (passphrase != nil) { return publicKey }
            let reason =
                key.isEncrypted
                ? passphrase == nil ? "it has a passphrase" : "the passphrase is wrong"
                : key.publicKey == nil ? (key.trouble.isEmpty ? "it is none" : key.trouble) : "it has no passphrase"
            throw Diagnostic(.failed, "cannot use \(what): \(reason)", host: host)
        case .absent, .file:
            throw Diagnostic(
                .failed, "\(what) does not exist", remedy: "Make it in an earlier task (openssl_privatekey).",
                host: host)
        }
    }

    /// `$sp_a` the questions, four parts each. Writes the time, and for each: path, state, label, trouble, bytes.
    private static let look: Script = #"""
        command -v openssl >/dev/null 2>&1 || exit 0
        printf '%s\0' "$(date +%s)"
        sp_look() {
            while [ $# -gt 3 ]; do
                kind=$1 content=$3 passphrase=$4
                if [ -n "$2" ]; then sp_expand "$2"; else p=; fi
                shift 4
                printf '%s\0' "$p"
                if [ -n "$content" ]; then
                    p=$(umask 077; mktemp) || exit 1
                    printf '%s\n' "$content" >"$p" || exit 1
                fi
                if ! [ -f "$p" ]; then printf 'absent\0\0\0\0'; continue; fi
                if ! [ -r "$p" ]; then printf 'denied\0\0\0\0'; continue; fi
                if [ "$kind" = file ]; then
                    printf 'file\0\0\0%s\0' "$(base64 <"$p")"
                    continue
                fi
                label= state=plain
                while IFS= read -r line || [ -n "$line" ]; do
                    case $line in
                    *'-----BEGIN '*'PRIVATE KEY-----'*)
                        label=${line#*'-----BEGIN '}
                        label=:${label%'PRIVATE KEY-----'*}
                        case $label in *ENCRYPTED*) state=encrypted ;; esac
                        ;;
                    *'Proc-Type:'*ENCRYPTED*) state=encrypted ;;
                    '') [ -n "$label" ] && break ;;
                    *'-----END '*) break ;;
                    esac
                done <"$p" 2>/dev/null
                printf '%s\0%s\0' "$state" "${label%' '}"
                trouble=$(mktemp) || exit 1
                bytes=$(printf '%s\n' "$passphrase" | openssl pkey -in "$p" -passin stdin -pubout -outform DER 2>"$trouble" | base64)
                [ -n "$bytes" ] || bytes=$(sp_raw_key "$kind" | base64)
                printf '%s\0%s\0' "$(head -n 1 "$trouble")" "$bytes"
                rm -f "$trouble"
                [ -z "$content" ] || rm -f "$p"
            done
        }
        # A file that holds nothing but the bytes of an Edwards or Montgomery key; the kind goes by the length.
        sp_raw_key() {
            [ -z "$label" ] || return 0
            case $(wc -c <"$p") in
            *57) sp_prefix='\060\107\002\001\000\060\005\006\003\053\145\161\004\073\004\071' ;;
            *56) sp_prefix='\060\106\002\001\000\060\005\006\003\053\145\157\004\072\004\070' ;;
            *32)
                case $1 in key:X25519) sp_kind=156 ;; *) sp_kind=160 ;; esac
                sp_prefix='\060\056\002\001\000\060\005\006\003\053\145\'$sp_kind'\004\042\004\040'
                ;;
            *) return 0 ;;
            esac
            { printf "$sp_prefix"; cat "$p"; } | openssl pkey -inform DER -pubout -outform DER 2>/dev/null
        }
        sp_ifs=$IFS
        IFS=$(printf '\037')
        set -f
        set -- $sp_a
        IFS=$sp_ifs
        sp_look "$@"
        """#
}

/// The file that a module of keys or certificates makes.
struct CryptoOutput: Sendable {
    var path: String
    var attributes: FileAttributes
    var backup: Bool
    var isWanted: Bool

    /// - Parameter mode: The permission bits where the task names none; nil keeps or takes the usual ones.
    init(_ arguments: Arguments, mode: UInt16? = nil) throws(Diagnostic) {
        path = try arguments.string("path")
        attributes = try FileAttributes(arguments)
        if attributes.mode == nil, let mode { attributes.mode = .bits(mode) }
        backup = arguments.bool("backup")
        isWanted = arguments.optionalString("state") != "absent"
    }

    static let arguments: [Argument] =
        [
            .required("path", .path, "The file."),
            .optional("backup", .bool, "Keep the old file beside the new one.", default: false),
            .optional("force", .bool, "Make it anew even if it is as wanted.", default: false),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("return_content", .bool, "Whether to answer with its content.", default: false),
            .optional(
                "select_crypto_backend", .string, "All values mean the host's `openssl`.", default: "auto",
                choices: ["auto", "cryptography"]),
        ] + FileAttributes.arguments

    enum Step: Sendable {
        /// Makes the content anew; the file is put as these say.
        case make(FileWrite)
        /// Sets owner, group or mode.
        case set(FileAttributes.Difference, String)
        case remove(String, backup: Bool)
        /// Stands where check mode could not tell.
        case none
    }

    /// What becomes of the file if its content is as wanted already, or is to be made anew.
    func plan(
        _ found: CryptoHost, makes parts: [Change.Part]?, _ target: some TargetReader
    ) throws(Diagnostic) -> (change: Change, step: Step)? {
        let place = found.place
        if place.followed.kind == .directory {
            throw Diagnostic(.failed, "'\(place.path)' is a directory", host: target.hostName)
        }
        let path = place.realPath ?? place.path
        guard let parts else {
            let difference = try attributes.difference(from: place.followed, in: found.inspection, on: target)
            guard !difference.isEmpty else { return nil }
            return (
                Change(difference.parts, effects: [.file(path: path, difference.after.effect())]),
                .set(difference, path)
            )
        }
        var change = Change(parts)
        var state = attributes.stateOfNew(.file, in: found.inspection, parent: nil)
        if place.followed.exists {
            let difference = try attributes.difference(from: place.followed, in: found.inspection, on: target)
            state = difference.after
            change.parts += difference.parts
        } else {
            try found.parent.requireDirectory(target)
            try attributes.requireOwners(found.inspection, on: target)
        }
        state.kind = .file
        state.size = 0
        var effect = state.effect()
        effect.size = nil
        change.effects = [.file(path: path, effect)]
        let write = FileWrite(
            path: path, content: [], owner: attributes.owner, group: attributes.group, mode: state.mode,
            backup: backup,
            expecting: place.isForeseen ? nil : place.followed.exists ? place.checksum : "",
            allowsUnsafeWrite: attributes.allowsUnsafeWrites)
        return (change, .make(write))
    }

    /// The plan for `state: absent`.
    func planRemoval(_ target: some TargetReader, _ values: ValueMap) async throws(Diagnostic) -> Plan<Step> {
        guard let place = try await target.inspect([path]).paths.first else {
            throw Diagnostic(.internal, "no answer about '\(path)'")
        }
        guard place.entry.exists else { return .asWanted(.ok(values)) }
        guard place.entry.kind != .directory else {
            throw Diagnostic(.failed, "'\(place.path)' is a directory", host: target.hostName)
        }
        return .change(
            Change(
                [.setting("state", before: "present", after: "absent")],
                effects: [.file(path: place.path, .init(kind: .absent))]),
            .remove(place.path, backup: backup), foreseen: .changed(values))
    }

    /// Does what needs no new content.
    ///
    /// - Returns: The path of the backup, if one was made.
    func carryOut(_ step: Step, on target: some TargetWriter) async throws(Diagnostic) -> String? {
        switch step {
        case .set(let difference, let path): try await FileAttributes.set([(path, difference)], on: target)
        case .remove(let path, let backup):
            let answer = try await target.perform(Self.remove, [path, backup ? "1" : ""], doing: "remove '\(path)'")
            let kept = answer.output.trimmed
            return kept.isEmpty ? nil : kept
        case .make, .none: throw Diagnostic(.internal, "nothing was planned for '\(path)'")
        }
        return nil
    }

    /// `$1` the file, `$2` whether to keep a copy, whose path is written.
    private static let remove: Script = #"""
        if [ -n "$2" ]; then
            n=$$
            while b="$1.$n.$(date '+%Y-%m-%d@%H:%M:%S')~"; test -e "$b"; do n=$((n+1)); done
            cp -p -- "$1" "$b" || { rm -f -- "$b"; exit 1; }
            printf '%s\n' "$b"
        fi
        rm -f -- "$1"
        """#
}

/// Fingerprints of some bytes by the name of the digest, as `cryptography`'s modules give them.
enum Fingerprints {
    static func values(_ bytes: [UInt8]) -> Value {
        var values: ValueMap = [:]
        for (name, digest) in X509Digests.all(bytes) { values[name] = .string(Hex.text(digest)) }
        return .map(values)
    }
}

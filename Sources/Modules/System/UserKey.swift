import Diagnostics
import Target
import Values

/// The SSH key pair that a user task asks for.
struct UserKey: Sendable {
    /// The private key's file; below the home if relative.
    let file: String
    private let type: String
    private let bits: Int
    private let comment: String?
    private let passphrase: String

    init(_ arguments: Arguments) throws(Diagnostic) {
        let given = arguments.optionalString("ssh_key_type") ?? "default"
        type = given == "default" ? "rsa" : given
        guard ["rsa", "dsa", "ecdsa", "ed25519"].contains(type) else {
            throw Diagnostic(
                .badValue, "'\(type)' is no type of SSH key", at: arguments.location,
                remedy: NearestNames.hint(type, among: ["rsa", "ecdsa", "ed25519"]))
        }
        file = arguments.optionalString("ssh_key_file") ?? ".ssh/id_\(type)"
        bits = max(0, arguments.int("ssh_key_bits") ?? 0)
        comment = arguments.optionalString("ssh_key_comment")
        passphrase = arguments.optionalString("ssh_key_passphrase") ?? ""
    }

    /// The pair as a host has it.
    struct Found: Sendable {
        let path: String
        let exists: Bool
        private let fingerprint: String
        private let publicKey: String

        init(_ key: UserKey, _ fields: inout FieldReader) {
            let path = fields.next()
            self.path = path.isEmpty ? key.file : path
            exists = fields.next() == "1"
            fingerprint = fields.next()
            publicKey = fields.next().trimmed
        }

        var values: ValueMap {
            guard exists else { return [:] }
            return [
                "ssh_key_file": .string(path), "ssh_fingerprint": .string(fingerprint),
                "ssh_public_key": .string(publicKey),
            ]
        }
    }

    func make(for user: String, home: String?, on target: some TargetWriter) async throws(Diagnostic) {
        let result = try await target.execute(
            Self.generate, [user, home ?? "", file, type, bits > 0 ? String(bits) : "", comment ?? "", passphrase])
        if result.status == 127 {
            throw Diagnostic(
                .failed, "the host has no 'ssh-keygen' to make a key for '\(user)' with",
                remedy: "Install openssh-client first.", host: target.hostName)
        }
        guard result.succeeded else {
            throw Diagnostic(
                .failed, "cannot make a key for '\(user)': \(result.errorOutput.lastLine)", host: target.hostName)
        }
    }

    /// `$1` the user, `$2` the home if given, `$3` the file, `$4` type, `$5` bits, `$6` comment, `$7` passphrase.
    ///
    /// The passphrase is handed over by a program that ssh-keygen asks, not among words that others can see.
    private static let generate: Script = #"""
        command -v ssh-keygen >/dev/null 2>&1 || exit 127
        home=$2
        if [ -z "$home" ]; then
            home=$(if command -v getent >/dev/null 2>&1; then getent passwd "$1"; else cat /etc/passwd; fi |
                while IFS=: read -r name x x x x place x; do
                    [ "$name" = "$1" ] && printf '%s' "$place" && break
                done)
        fi
        [ -n "$home" ] || { echo "user '$1' has no home" >&2; exit 1; }
        case $3 in /*) file=$3 ;; *) file=$home/$3 ;; esac
        folder=${file%/*}
        owner=$(id -u -- "$1"):$(id -g -- "$1")
        if [ ! -d "$folder" ]; then
            mkdir -p -m 700 -- "$folder" && chown -- "$owner" "$folder" || exit 1
        fi
        comment=${6:-ansible-generated on $(uname -n)}
        passphrase=$7 ask= work=
        trap 'rm -rf -- ${work:+"$work"} ${ask:+"$ask"}' EXIT
        # Made beside it and renamed: a key that is to be replaced is not lost if that fails.
        work=$(mktemp -d "$folder/.new-key.XXXXXXXX") || exit 1
        # The folder is its user's, who may put something else in a name's place: it is entered once and seen to be
        # ours, and from there on no name leads out of it.
        cd -P -- "$work" && [ "$(stat -c '%u %a' .)" = "$(id -u) 700" ] || {
            echo "'$work' is not what was made there" >&2
            exit 1
        }
        set -- -q -t "$4" -C "$comment" -f ./key ${5:+-b "$5"}
        if [ -n "$passphrase" ]; then
            ask=$(umask 077; mktemp) || exit 1
            printf '#!/bin/sh\nprintf "%%s\\n" "$SP_PASSPHRASE"\n' >"$ask" && chmod 700 "$ask" || exit 1
            SP_PASSPHRASE=$passphrase SSH_ASKPASS=$ask SSH_ASKPASS_REQUIRE=force DISPLAY=none \
                ssh-keygen "$@" </dev/null || exit 1
        else
            ssh-keygen "$@" -N '' </dev/null || exit 1
        fi
        chown -h -- "$owner" ./key ./key.pub || exit 1
        mv -f -- ./key "$file" && mv -f -- ./key.pub "$file.pub"
        """#
}

import Diagnostics
import Results
import Target
import Values

/// Keys that apt trusts for every source, as `ansible.builtin.apt_key` manages them where there still is an apt-key.
struct AptKeyModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.apt_key",
        summary: "Add and remove apt's keys with apt-key, where a release still has it.",
        description: """
            apt-key is gone since Debian 13 and Ubuntu 24.10, and trusts a key for every source: deb822_repository with \
            `signed_by` takes its place. Keys are read with the host's gpg.
            """,
        arguments: [
            .optional("id", .string, "The key's ID: 8, 16 or more hexadecimal digits; by default what the key says."),
            .optional("url", .string, "Where to fetch the key."),
            .optional("data", .string, "The key itself."),
            .optional("file", .path, "A file on the host that holds it."),
            .optional("keyserver", .string, "The server to ask for the `id`."),
            .optional("keyring", .path, "A file of `/etc/apt/trusted.gpg.d` to keep it in."),
            .optional("validate_certs", .bool, "Check the address's certificate.", default: true),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
        ],
        check: "Full; a key at an address is fetched where no `id` tells which it is.",
        diff: "The key's ID.",
        example: """
            - ansible.builtin.apt_key:
                url: https://packages.example.org/archive.asc
                id: 9FED2BCBDCD29CDF762678CBAED4B06F473041FA
                keyring: /etc/apt/trusted.gpg.d/example.gpg
            """,
        aliases: ["ansible.legacy.apt_key"], exclusive: [["data", "file", "keyserver", "url"]]
    )

    private let isWanted: Bool
    /// In capitals, without `0x`.
    private let id: String?
    private let data: [UInt8]?
    private let file: String
    private let url: String
    private let server: String
    private let keyring: String
    private let verifies: Bool

    struct Step: Sendable {
        var id = ""
        var before: [String] = []
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        isWanted = arguments.optionalString("state") != "absent"
        data = arguments.optionalString("data").map { Array($0.utf8) }
        file = arguments.optionalString("file") ?? ""
        url = arguments.optionalString("url") ?? ""
        server = arguments.optionalString("keyserver") ?? ""
        keyring = arguments.optionalString("keyring") ?? ""
        verifies = arguments.bool("validate_certs")
        let place = arguments.location
        if let given = arguments.optionalString("id") {
            let capitals = given.trimmed.uppercased()
            let digits = capitals.hasPrefix("0X") ? String(capitals.dropFirst(2)) : capitals
            guard digits.allSatisfy({ $0.isASCII && $0.isHexDigit }), digits.count == 8 || digits.count >= 16 else {
                throw Diagnostic(
                    .badValue, "'\(given)' is no key's ID", at: place,
                    remedy: "It has 8, 16 or more hexadecimal digits; `gpg --show-keys FILE` tells it.")
            }
            id = digits
        } else {
            id = nil
        }
        let hasSource = data != nil || !file.isEmpty || !url.isEmpty
        guard id != nil || hasSource else {
            throw Diagnostic(.missingArgument, "apt_key needs 'id', or the key by 'url', 'data' or 'file'", at: place)
        }
        guard !isWanted || hasSource || !server.isEmpty else {
            throw Diagnostic(
                .missingArgument, "'state: present' needs the key by 'url', 'data', 'file' or 'keyserver'", at: place)
        }
        for (name, text) in [("url", url), ("keyserver", server)] where text.hasPrefix("-") {
            throw Diagnostic(.badValue, "'\(name): \(text)' begins with a dash", at: place)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let answer = try await target.query(
            Self.look, [id ?? "", keyring, data == nil ? "" : "1", file, id == nil ? url : "", verifies ? "1" : ""],
            input: data ?? [], timeout: nil)
        switch answer.status {
        case 0: break
        case 127:
            return try target.lacking(
                "apt-key", remedy: "Use deb822_repository with 'signed_by': apt-key is gone from new releases.",
                step: Step())
        case 5: throw Self.unlisted(answer, target.hostName)
        case 126: return try target.lacking("gpg", remedy: "Install gnupg first.", step: Step())
        default:
            if target.foreseen.awaitsPackages { return .unknown(Unknown("the key"), Step()) }
            throw Diagnostic(
                .failed, "cannot read the key: \(answer.errorOutput.lastLine)",
                remedy: "See that it is a public key of OpenPGP, and that the address is right.", host: target.hostName)
        }
        var fields = FieldReader(answer.stdout)
        let step = Step(id: fields.next(), before: Self.ids(fields.next()))
        let isThere = Self.holds(step.before, step.id)
        guard isThere != isWanted else { return .asWanted(.ok(values(step, after: nil))) }
        let change = Change([
            .setting(
                "key \(step.id)", before: isWanted ? "absent" : "present", after: isWanted ? "present" : "absent")
        ])
        return .change(change, step, foreseen: .changed(values(step, after: nil)))
    }

    /// IDs of all keys that have not ended, as gpg lists them with colons.
    private static func ids(_ listing: String) -> [String] {
        HostText.lines(listing).compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count > 4, fields[0] == "pub" || fields[0] == "sub", fields[1] != "e" else { return nil }
            return String(fields[4])
        }
    }

    private static func holds(_ ids: [String], _ id: String) -> Bool {
        let end = id.suffix(16)
        return ids.contains { $0.hasSuffix(end) }
    }

    private func values(_ step: Step, after: [String]?) -> ValueMap {
        func list(_ ids: [String]) -> Value {
            .list(ids.map { .string(step.id.count == 8 ? String($0.suffix(8)) : $0) })
        }
        var values: ValueMap = [
            "id": .string(step.id), "key_id": .string(step.id), "short_id": .string(String(step.id.suffix(8))),
            "fp": .string(String(step.id.suffix(16))), "before": list(step.before),
        ]
        if let after { values["after"] = list(after) }
        return values
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answer = try await target.execute(
            Self.change,
            [
                isWanted ? "add" : "del", step.id, keyring, data == nil ? "" : "1", file, url, verifies ? "1" : "",
                server,
            ], input: data ?? [], timeout: nil)
        if answer.status == 5 { throw Self.unlisted(answer, target.hostName) }
        guard answer.succeeded else {
            throw Diagnostic(
                .failed,
                "cannot \(isWanted ? "add" : "remove") key \(step.id): \(answer.errorOutput.lastLine)",
                host: target.hostName)
        }
        let after = Self.ids(answer.output)
        guard Self.holds(after, step.id) == isWanted else {
            throw Diagnostic(
                .failed, "apt-key said nothing, but key \(step.id) is \(isWanted ? "not there" : "still there")",
                remedy: "See that the ID is right, and not that of a subkey or of a key that has ended.",
                host: target.hostName)
        }
        return .changed(values(step, after: after))
    }

    private static func unlisted(_ answer: CommandResult, _ host: String) -> Diagnostic {
        Diagnostic(
            .failed, "cannot list apt's keys: \(answer.errorOutput.lastLine)",
            remedy: "See what `apt-key list` says there, or `gpg --show-keys` of the keyring.", host: host)
    }

    /// `list_keys KEYRING` with status 5 where they cannot be listed, and `fetch_key FROM-INPUT FILE ADDRESS VERIFY TO`.
    private static let functions: Script =
        HostFetch.functions + #"""
            list_keys() {
                ring=$(umask 077; mktemp -d) || exit 5
                if [ -z "$1" ]; then
                    apt-key adv --list-public-keys --with-colons --fixed-list-mode 2>"$ring/said"
                elif [ -s "$1" ]; then
                    # gpg writes beside a keyring even to read it, and makes one that is not there: it reads a copy.
                    cp -- "$1" "$ring/keys" 2>"$ring/said" &&
                        gpg --homedir "$ring" --batch --no-default-keyring --keyring "$ring/keys" \
                            --list-keys --with-colons --fixed-list-mode 2>"$ring/said"
                fi
                listed=$?
                [ "$listed" = 0 ] || cat "$ring/said" >&2
                rm -rf "$ring"
                # Keys that cannot be listed are not keys that are missing.
                [ "$listed" = 0 ] || exit 5
            }
            fetch_key() {
                if [ -n "$1" ]; then cat >"$5"
                elif [ -n "$2" ]; then cat -- "$2" >"$5"
                else sp_fetch "$3" "$4" >"$5" || { echo "cannot fetch '$3'" >&2; return 1; }
                fi
            }
            """#

    /// `$1` the ID, if it is known, `$2` the keyring, then where else the key is: `$3` on standard input, `$4` a file,
    /// `$5` an address, `$6` whether to check its certificate. Writes the ID and gpg's list of all keys.
    private static let look: Script =
        functions + #"""
            command -v apt-key >/dev/null 2>&1 || exit 127
            command -v gpg >/dev/null 2>&1 || exit 126
            id=$1
            if [ -z "$id" ]; then
                # gpg would make a directory in the user's home.
                work=$(umask 077; mktemp -d) || exit 1
                trap 'rm -rf "$work"' EXIT
                fetch_key "$3" "$4" "$5" "$6" "$work/key" || exit 1
                id=$(gpg --homedir "$work" --batch --with-colons --import-options show-only --import "$work/key" 2>"$work/said" |
                    grep -e '^pub:' -e '^sub:' | head -n 1 | cut -d : -f 5)
                [ -n "$id" ] || { cat "$work/said" >&2; exit 1; }
            fi
            printf '%s\0' "$id"
            list_keys "$2"
            printf '\0'
            """#

    /// `$1` what to do, `$2` the ID, `$3` the keyring, `$4` to `$7` where the key is as above, `$8` a server of keys.
    private static let change: Script =
        functions + #"""
            doing=$1 id=$2 keyring=$3 server=$8
            work=$(umask 077; mktemp -d) || exit 1
            trap 'rm -rf "$work"' EXIT
            if [ "$doing" = del ]; then
                short=$(printf '%s' "$id" | tail -c 8)
                apt-key ${keyring:+--keyring "$keyring"} del "$short" >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
            elif [ -n "$server" ]; then
                try=1
                until apt-key ${keyring:+--keyring "$keyring"} adv --no-tty --keyserver "$server" --recv "$id" >"$work/said" 2>&1
                do
                    [ $try -lt 5 ] || { cat "$work/said" >&2; exit 1; }
                    try=$((try + 1))
                done
            else
                fetch_key "$4" "$5" "$6" "$7" "$work/key" || exit 1
                apt-key ${keyring:+--keyring "$keyring"} add "$work/key" >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
            fi
            list_keys "$keyring"
            """#
}

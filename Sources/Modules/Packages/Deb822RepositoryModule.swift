import Diagnostics
import Results
import Target
import Values

/// Package sources of apt in deb822 style, as `ansible.builtin.deb822_repository` manages them.
struct Deb822RepositoryModule: Module {
    private static let lists = ["architectures", "components", "languages", "suites", "targets", "types", "uris"]
    private static let flags = [
        "allow_downgrade_to_insecure", "allow_insecure", "allow_weak", "by_hash", "check_date", "check_valid_until",
        "enabled", "pdiffs", "trusted",
    ]

    static let manual = ModuleManual(
        name: "ansible.builtin.deb822_repository",
        summary: "Add and remove sources of Debian packages as .sources files.",
        description: """
            The file is `/etc/apt/sources.list.d/NAME.sources`. A key that `signed_by` names by its address is kept in \
            `/etc/apt/keyrings`. The package lists are not updated: use `apt: update_cache=true` when this changed.
            """,
        arguments: [
            .required("name", .string, "The repository's name, which the file is named after."),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional(
                "types", .list(.string), "Binary packages, source packages.", default: ["deb"],
                choices: ["deb", "deb-src"]),
            .optional("uris", .list(.string), "Addresses."),
            .optional("suites", .list(.string), "Releases, or a path that ends in a slash."),
            .optional("components", .list(.string), "`main`, `contrib` …"),
            .optional("architectures", .list(.string), "Architectures to look for."),
            .optional("languages", .list(.string), "Languages of descriptions to fetch."),
            .optional("targets", .list(.string), "What to fetch."),
            .optional(
                "signed_by", .string,
                "An address of a key, a keyring file on the host, fingerprints, or the key itself in ASCII armour."),
            .optional("mode", .mode, "The file's permission bits.", default: "0644"),
            .optional("date_max_future", .int, "How many seconds ahead a release file may be dated."),
            .optional("inrelease_path", .string, "Where the InRelease file is, below the usual place."),
            .optional("install_python_debian", .bool, "Not needed: no Python is used.", default: false),
        ] + flags.map { .optional($0, .bool, "apt's own option of that name; see sources.list(5).") },
        example: """
            - ansible.builtin.deb822_repository:
                name: docker
                uris: https://download.docker.com/linux/debian
                suites: bookworm
                components: stable
                signed_by: https://download.docker.com/linux/debian/gpg
            """,
        aliases: ["ansible.legacy.deb822_repository"]
    )

    private static let keyrings = "/etc/apt/keyrings"

    private let slug: String
    private let isWanted: Bool
    private let mode: UInt16
    private let signature: String?
    private let fields: [(name: String, value: String)]

    struct Step: Sendable {
        var sources: HostText.Step?
        var key: FileWrite?
        var removed: [String] = []
        var values: ValueMap = [:]
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        let name = try arguments.string("name")
        let dashed = name.lowercased().split { $0 == "_" || $0.isWhitespace }.joined(separator: "-")
        slug = dashed.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard !slug.isEmpty else {
            throw Diagnostic(.badValue, "no file can be named after '\(name)'", at: arguments.location)
        }
        isWanted = arguments.optionalString("state") != "absent"
        mode =
            FileMode(arguments.optionalString("mode") ?? "0644")?
            .applied(to: 0o644, isDirectory: false, umask: 0o022) ?? 0o644
        signature = arguments.optionalString("signed_by")
        var fields: [(name: String, value: String)] = []
        let scalars = ["date_max_future", "inrelease_path", "name", "signed_by"]
        for key in (Self.lists + Self.flags + scalars).sorted() {
            let value: String
            if Self.lists.contains(key) {
                guard arguments[key] != nil else { continue }
                value = arguments.strings(key).joined(separator: " ")
            } else if let flag = Self.flags.contains(key) ? arguments.optionalBool(key) : nil {
                value = flag ? "yes" : "no"
            } else if let text = arguments.optionalString(key) {
                value = text
            } else {
                continue
            }
            fields.append((Self.fieldName(key), value))
        }
        self.fields = fields
        if isWanted, arguments["uris"] == nil || arguments["suites"] == nil {
            throw Diagnostic(.missingArgument, "a repository needs 'uris' and 'suites'", at: arguments.location)
        }
    }

    private static func fieldName(_ argument: String) -> String {
        switch argument {
        case "name": "X-Repolib-Name"
        case "uris": "URIs"
        default:
            argument.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
        }
    }

    private var path: String { "/etc/apt/sources.list.d/\(slug).sources" }
    private var isFetched: Bool { isWanted && ["http://", "https://"].contains { signature?.hasPrefix($0) ?? false } }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let names = ["asc", "gpg"].map { "\(Self.keyrings)/\(slug).\($0)" }
        var found = try await target.hostText(
            path, also: names + [FilePlacement.directory(of: path)], with: Self.look,
            [isFetched ? signature ?? "" : ""])
        if let awaits = found.awaits { return .unknown(awaits, Step()) }
        let status = found.rest.next()
        let fetched = found.rest.remainder()
        var change = Change()
        var step = Step(values: ["repo": .null, "dest": .string(path), "key_filename": .null])
        guard isWanted else {
            let gone =
                [found.text == nil ? nil : path].compactMap(\.self)
                + zip(names, found.inspection.paths).filter { $0.1.entry.exists }.map(\.0)
            step.values["key_filename"] = .string(gone.first { $0.hasPrefix(Self.keyrings) } ?? names[1])
            guard !gone.isEmpty else { return .asWanted(.ok(step.values)) }
            step.removed = gone
            change.parts = gone.map { path in
                path == self.path
                    ? .text(path: path, before: found.text, after: nil)
                    : .setting(path, before: "present", after: "absent")
            }
            change.effects = gone.map { .file(path: $0, .init(kind: .absent)) }
            return .change(change, step, foreseen: .changed(step.values))
        }
        guard found.inspection.paths[2].followed.kind == .directory else {
            return try target.lacking("apt", remedy: "Use the module of the host's own package manager.", step: step)
        }
        var fields = fields
        if isFetched {
            guard status == "0", !fetched.isEmpty else {
                if target.foreseen.awaitsPackages { return .unknown(Unknown("the key at its address"), step) }
                throw Diagnostic(
                    .failed, "cannot fetch the key from '\(signature ?? "")' (status \(status))",
                    remedy: "It takes curl or wget on the host; see that the address is right.", host: target.hostName)
            }
            let isArmoured = String(decoding: fetched.prefix(64), as: UTF8.self).contains("-----BEGIN PGP")
            let place = isArmoured ? 0 : 1
            let state = found.inspection.paths[place]
            step.values["key_filename"] = .string(names[place])
            for index in fields.indices where fields[index].name == "Signed-By" { fields[index].value = names[place] }
            let checksum = FilePlacement.checksum(of: fetched)
            if state.checksum != checksum {
                step.key = FileWrite(
                    path: names[place], content: fetched, mode: state.entry.exists ? nil : 0o644)
                change.parts.append(
                    .setting(names[place], before: state.entry.exists ? "another key" : "absent", after: "the key"))
                change.effects.append(
                    .file(
                        path: names[place],
                        .init(kind: .file, mode: 0o644, checksum: checksum, size: fetched.count, content: fetched)))
            }
        }
        let text = fields.map { name, value in
            guard value.contains("\n") else { return "\(name): \(value)\n" }
            // A text of several lines goes on with blanks; an empty line is a dot.
            return "\(name):\n" + HostText.lines(value).map { "    " + ($0.isEmpty ? "." : $0) + "\n" }.joined()
        }.joined()
        step.values["repo"] = .string(text)
        let bits = found.text != nil && found.place.followed.mode == mode ? nil : Optional(mode)
        if let (more, write) = found.plan(text, mode: mode) {
            step.sources = write
            change.parts += more.parts
            change.effects += more.effects
        } else if let bits {
            // The text is right, the bits are not: it is written again with them.
            step.sources = .write(FileWrite(path: path, content: Array(text.utf8), mode: bits))
            change.parts.append(
                .setting("mode", before: .string(found.place.followed.modeText), after: .string(FileMode.text(bits))))
        }
        guard !change.isEmpty else { return .asWanted(.ok(step.values)) }
        return .change(change, step, foreseen: .changed(step.values))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if !step.removed.isEmpty { try await target.perform(Self.remove, step.removed, doing: "remove the repository") }
        if let key = step.key {
            try await target.perform(Self.makeKeyrings, [Self.keyrings], doing: "make '\(Self.keyrings)'")
            _ = try await target.write(key)
        }
        if let sources = step.sources { try await target.carryOut(sources) }
        return .changed(step.values)
    }

    /// `$sp_a` an address. Writes how fetching it ended, and what it gave.
    private static let look: Script =
        HostFetch.functions + #"""
            if [ -n "$sp_a" ]; then
                sp_file=$(mktemp) || exit 1
                sp_fetch "$sp_a" 1 >"$sp_file" 2>/dev/null
                printf '%s\0' "$?"
                cat "$sp_file"
                rm -f "$sp_file"
            else
                printf '\0'
            fi
            """#

    private static let remove: Script = #"""
        rm -f -- "$@"
        """#

    private static let makeKeyrings: Script = #"""
        [ -d "$1" ] || mkdir -m 755 -- "$1"
        """#
}

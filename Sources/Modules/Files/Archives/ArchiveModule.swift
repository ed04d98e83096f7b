import Diagnostics
internal import Jinja
import Results
import Target
import Values

/// Packs files of the host into an archive, as `community.general.archive` does.
struct ArchiveModule: Module {
    static let manual = ModuleManual(
        name: "community.general.archive",
        summary: "Pack files and directories of the host into an archive there.",
        description: """
            The host needs GNU tar and the program of the format, or zip and unzip. What the archive holds is compared \
            with the files first, so that a second run changes nothing. A single file is only packed, not put into an \
            archive, unless `force_archive` is true.
            """,
        arguments: [
            .required("path", .list(.path), "Files, directories or patterns."),
            .optional("dest", .path, "The archive; for a single file, by default its name with the format behind it."),
            .optional(
                "format", .string, "How it is packed.", default: "gz", choices: ["bz2", "gz", "tar", "xz", "zip"]),
            .optional(
                "exclude_path", .list(.path), "Files, directories or patterns among `path` to leave out.", default: []),
            .optional("exclusion_patterns", .list(.path), "Patterns of names in the archive to leave out."),
            .optional("force_archive", .bool, "Make an archive even of a single file.", default: false),
            .optional("remove", .bool, "Remove what was packed.", default: false),
        ] + FileAttributes.arguments,
        example: """
            - community.general.archive:
                path: /var/www/site
                dest: /var/backups/site.tar.xz
                format: xz
                exclusion_patterns: ['*/cache/*']
            """
    )

    private let paths: [String]
    private let excluded: [String]
    private let destination: String?
    private let format: String
    private let patterns: [Regex]
    private let forcesArchive: Bool
    private let removes: Bool
    private let attributes: FileAttributes

    /// What is packed.
    struct Step: Sendable {
        var root = ""
        /// Names below the root.
        var names: [String] = []
        var destination = ""
        /// A file that is only packed.
        var single: String?
        var writes = true
        var removals: [String] = []
        var expecting = ""
        var values: ValueMap = [:]
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        paths = arguments.strings("path")
        excluded = arguments.strings("exclude_path")
        destination = arguments.optionalString("dest")
        format = arguments.optionalString("format") ?? "gz"
        forcesArchive = arguments.bool("force_archive")
        removes = arguments.bool("remove")
        attributes = try FileAttributes(arguments)
        var patterns: [Regex] = []
        for pattern in arguments.strings("exclusion_patterns") {
            do {
                patterns.append(try Regex.compiled(FindWish.regex(ofGlob: pattern)))
            } catch {
                throw error.located(at: arguments.location)
            }
        }
        self.patterns = patterns
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let listing = try await list(target)
        var values: ValueMap = [
            "expanded_paths": .list(listing.expanded.map { .string($0) }),
            "expanded_exclude_paths": .list(listing.excluded.map { .string($0) }),
            "missing": .list(listing.missing.map { .string($0) }),
        ]
        let chosen = Set(listing.expanded).subtracting(listing.excluded).sorted()
        guard let first = chosen.first else {
            throw Diagnostic(
                .failed, "'\(paths.joined(separator: "', '"))' names nothing to pack", host: target.hostName)
        }
        let archives =
            forcesArchive || chosen.count > 1 || listing.hasPatterns || listing.kinds[first] == "d"
        guard let place = destination ?? (archives ? nil : "\(first).\(format)") else {
            throw Diagnostic(
                .missingArgument, "'dest' is needed to pack a directory or several files", host: target.hostName)
        }
        let root = Self.commonDirectory(of: chosen)
        let members = try self.members(chosen, listing, root: root)
        if removes, let inside = chosen.first(where: { listing.kinds[$0] == "d" && place.hasPrefix($0 + "/") }) {
            throw Diagnostic(
                .failed, "'\(place)' lies in '\(inside)', which 'remove' would remove", host: target.hostName)
        }
        let single = archives || format == "zip" || format == "tar" ? nil : first
        let inspection = try await target.inspect(
            [FilePlacement.directory(of: place), place], checksums: true, owner: attributes.owner,
            group: attributes.group, with: ArchiveScripts.compare,
            [format, single ?? root, members.map { $0 + "\n" }.joined()])
        let found = inspection.inspection.paths[1]
        var fields = inspection.rest
        let isSame = fields.next() == "same"
        guard inspection.inspection.paths[0].followed.kind == .directory else {
            throw Diagnostic(
                .failed, "directory '\(inspection.inspection.paths[0].path)' does not exist", host: target.hostName)
        }
        guard found.followed.kind != .directory else {
            throw Diagnostic(.failed, "'\(place)' is a directory", host: target.hostName)
        }
        values["dest"] = .string(place)
        values["arcroot"] = .string(root)
        let present = chosen.filter { listing.kinds[$0] != nil }
        guard !present.isEmpty else {
            // Nothing is left to pack: it was packed and removed before.
            values["archived"] = []
            values["dest_state"] = .string(
                !found.followed.exists ? "absent" : Self.isArchive(place) ? "archive" : "compress")
            values.merge(found.followed.commonValues)
            return .asWanted(.ok(values))
        }
        values["dest_state"] = .string(single != nil ? "compress" : listing.missing.isEmpty ? "archive" : "incomplete")
        values["archived"] = .list((single.map { [$0] } ?? members.map { root + $0 }).map { .string($0) })
        var step = Step(root: root, names: members, destination: found.path, single: single, writes: !isSame)
        step.removals = removes ? present : []
        step.expecting = found.followed.exists ? found.checksum ?? "" : ""
        step.values = values
        try attributes.requireOwners(inspection.inspection, on: target)
        var change = Change()
        if !isSame {
            change.parts.append(.action("pack \(members.count) names into \(found.path)"))
            change.effects.append(
                .file(path: found.path, attributes.stateOfNew(.file, in: inspection.inspection, parent: nil).effect()))
        } else {
            let difference = try attributes.difference(from: found.followed, in: inspection.inspection, on: target)
            change.parts += difference.parts
        }
        for path in step.removals {
            change.parts.append(.action("remove \(path)"))
            change.effects.append(.file(path: path, .init(kind: .absent)))
        }
        if change.isEmpty {
            values.merge(found.followed.commonValues)
            return .asWanted(.ok(values))
        }
        return .change(change, step, foreseen: .changed(values))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if step.writes {
            let answer = try await target.execute(
                ArchiveScripts.pack, [format, step.single ?? step.root, step.single == nil ? "" : "1"],
                input: Array(step.names.map { $0 + "\n" }.joined().utf8), timeout: nil)
            guard answer.succeeded else { throw ArchiveScripts.trouble(answer, step.destination, target.hostName) }
            var fields = FieldReader(answer.stdout)
            let path = fields.next()
            var placement = FilePlacement(destination: step.destination, content: [], attributes: attributes)
            placement.hostFile = .init(path: path, checksum: fields.next(), size: Int(fields.next().trimmed) ?? 0)
            let outcome: Result<Void, Diagnostic>
            do throws(Diagnostic) {
                if case .change(_, let planned, _) = try await placement.plan(target) {
                    _ = try await placement.apply(planned, to: target)
                }
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            try await target.perform(#"rm -rf -- "${1%/*}""#, [path], doing: "remove '\(path)'")
            try outcome.get()
        } else if !attributes.isEmpty {
            let inspection = try await target.inspect(
                [step.destination], owner: attributes.owner, group: attributes.group)
            let difference = try attributes.difference(from: inspection.paths[0].followed, in: inspection, on: target)
            if !difference.isEmpty { try await FileAttributes.set([(step.destination, difference)], on: target) }
        }
        if !step.removals.isEmpty {
            try await target.perform(#"rm -rf -- "$@""#, step.removals, doing: "remove what was packed")
        }
        var values = step.values
        values.merge(try await target.stat(step.destination).commonValues)
        return .changed(values)
    }

    // MARK: Names

    private struct Listing {
        var expanded: [String] = []
        var excluded: [String] = []
        var missing: [String] = []
        var hasPatterns = false
        /// `d` for directories, `f` for everything else that is there.
        var kinds: [String: String] = [:]
        /// Everything below the directories.
        var below: [String: [String]] = [:]
    }

    private func list(_ target: some TargetReader) async throws(Diagnostic) -> Listing {
        let answer = try await target.query(ArchiveScripts.list, [String(paths.count)] + paths + excluded)
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot look at what is to be packed: \(answer.errorOutput.lastLine)", host: target.hostName)
        }
        var listing = Listing()
        listing.hasPatterns = paths.contains { $0.contains("*") || $0.contains("?") }
        var fields = FieldReader(answer.stdout)
        while !fields.isAtEnd {
            let kind = fields.next()
            let path = fields.next()
            switch kind {
            case "x": listing.excluded.append(path)
            case "-":
                listing.expanded.append(path)
                listing.missing.append(path)
            default:
                listing.expanded.append(path)
                listing.kinds[path] = kind
                guard kind == "d" else { continue }
                var names: [String] = []
                while case let name = fields.next(), !name.isEmpty { names.append(name) }
                listing.below[path] = names.sorted()
            }
        }
        listing.missing.removeAll { listing.excluded.contains($0) }
        return listing
    }

    /// The names in the archive, below the root.
    private func members(_ chosen: [String], _ listing: Listing, root: String) throws(Diagnostic) -> [String] {
        var names: [String] = []
        for path in chosen where listing.kinds[path] != nil {
            let all = listing.kinds[path] == "d" ? listing.below[path] ?? [] : [path]
            for found in all {
                guard !found.contains("\n") else {
                    throw Diagnostic(.unsupported, "a name with a line end cannot be packed: '\(found)'")
                }
                let name = found.hasPrefix(root) ? String(found.dropFirst(root.count)) : found
                // zip's patterns look at whole paths, tar's at names in the archive.
                let shown = Array((format == "zip" ? found : name).utf8)
                var isLeftOut = false
                for pattern in patterns where try pattern.firstMatch(in: shown, anchored: true) != nil {
                    isLeftOut = true
                }
                if !isLeftOut { names.append(name) }
            }
        }
        return names
    }

    /// The deepest directory that all paths lie in, with a slash at its end.
    static func commonDirectory(of paths: [String]) -> String {
        guard let first = paths.first, let slash = first.lastIndex(of: "/") else { return "" }
        var common = first[...slash]
        for path in paths.dropFirst() {
            while !path.hasPrefix(common), !common.isEmpty {
                common = common.dropLast()
                while let last = common.last, last != "/" { common = common.dropLast() }
            }
        }
        return String(common)
    }

    private static func isArchive(_ path: String) -> Bool {
        let name = path.lowercased()
        return [".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".zip"].contains(where: name.hasSuffix)
    }
}

/// The snippets that list, compare and pack.
enum ArchiveScripts {
    /// `$1` the number of paths, then those, then paths to leave out; patterns are unfolded. For each: `d`, `f` or `-`
    /// for nothing there, and the path; a directory is followed by everything below it and an empty field.
    static let list: Script =
        ReadingScripts.expand + #"""
            count=$1
            shift
            number=0
            for pattern do
                number=$((number + 1))
                sp_expand "$pattern"
                path=$p
                case $path in *'*'* | *'?'*) ;; *) set -f ;; esac
                IFS=
                for found in $path; do
                    set +f
                    if ! [ -e "$found" ] && ! [ -L "$found" ]; then
                        case $path in *'*'* | *'?'*) continue ;; esac
                        if [ "$number" -gt "$count" ]; then printf 'x\0%s\0' "$found"
                        else printf -- '-\0%s\0' "$found"; fi
                    elif [ "$number" -gt "$count" ]; then printf 'x\0%s\0' "$found"
                    elif [ -d "$found" ]; then
                        printf 'd\0%s\0' "$found"
                        find "$found" -mindepth 1 -print0 || exit 1
                        printf '\0'
                    else printf 'f\0%s\0' "$found"
                    fi
                done
                unset IFS
                set +f
            done
            exit 0
            """#

    /// `open_tar` unpacks the format to its output.
    private static let formats: Script = #"""
        need() { command -v "$1" >/dev/null 2>&1 || { echo "$1" >&2; exit 3; }; }
        case $format in gz) packer=gzip ;; bz2) packer=bzip2 ;; xz) packer=xz ;; *) packer=cat ;; esac
        """#

    /// After the common look at the archive in `$p`: `$sp_a` the format, `$sp_b` the root or the single file, `$sp_c` the
    /// names, a line each. Writes `same` if the archive holds just those as they are.
    static let compare: Script =
        "format=$sp_a" + formats + #"""
            archive=$p
            verdict() {
                [ -f "$archive" ] && [ -r "$archive" ] && command -v "$packer" >/dev/null 2>&1 || return 1
                case $sp_b in
                */) ;;
                *)
                    "$packer" -dc <"$archive" 2>/dev/null | cmp -s - "$sp_b"
                    return
                    ;;
                esac
                cd -- "$sp_b" || return 1
                wanted=$(printf '%s' "$sp_c" | LC_ALL=C sort)
                if [ "$format" = zip ]; then
                    command -v unzip >/dev/null 2>&1 || return 1
                    [ "$(unzip -Z1 "$archive" 2>/dev/null | sed 's|/$||' | LC_ALL=C sort)" = "$wanted" ] || return 1
                    printf '%s' "$sp_c" | while IFS= read -r name; do
                        [ -d "$name" ] && continue
                        plain=$(printf '%s' "$name" | sed 's/[][*?\\]/\\&/g')
                        unzip -p "$archive" "$plain" </dev/null 2>/dev/null | cmp -s - "$name" || exit 1
                    done
                    return
                fi
                case $(tar --version 2>/dev/null) in *GNU*) ;; *) return 1 ;; esac
                unpack() { if [ "$packer" = cat ]; then cat "$archive"; else "$packer" -dc <"$archive"; fi; }
                [ "$(unpack 2>/dev/null | tar -t --quoting-style=literal 2>/dev/null | sed 's|/$||' | LC_ALL=C sort)" = "$wanted" ] ||
                    return 1
                unpack | tar --diff >/dev/null 2>&1
            }
            if verdict; then printf 'same\0'; else printf 'other\0'; fi
            """#

    /// `$1` the format, `$2` the root or the single file, `$3` whether it is one; the names on standard input. Writes the
    /// path of what was packed, its SHA-1 and its size. Status 3: a program is missing; 6: another tar.
    static let pack: Script =
        "format=$1" + formats + #"""
            work=$(umask 077; mktemp -d) || exit 1
            done=
            trap '[ -n "$done" ] || rm -rf "$work"' EXIT
            cat >"$work/names"
            new=$work/new
            if [ -n "$3" ]; then
                need "$packer"
                "$packer" -c <"$2" >"$new" || exit 1
            else
                cd -- "$2" || exit 1
                if [ "$format" = zip ]; then
                    need zip
                    zip -q -X "$new.zip" -@ <"$work/names" >&2 || exit 1
                    mv "$new.zip" "$new" || exit 1
                else
                    need tar
                    need "$packer"
                    case $(tar --version 2>/dev/null) in *GNU*) ;; *) exit 6 ;; esac
                    tr '\n' '\000' <"$work/names" >"$work/list"
                    tar -c --no-recursion --null -T "$work/list" -f "$work/tar" || exit 1
                    if [ "$packer" = cat ]; then mv "$work/tar" "$new"; else "$packer" -c <"$work/tar" >"$new" || exit 1; fi
                fi
            fi
            sum=$(sha1sum <"$new") || exit 1
            done=1
            printf '%s\0%s\0%s\0' "$new" "${sum%% *}" "$(wc -c <"$new")"
            """#

    static func trouble(_ answer: CommandResult, _ path: String, _ host: String) -> Diagnostic {
        let said = answer.errorOutput.lastLine
        return switch answer.status {
        case 3:
            Diagnostic(
                .failed, "the host lacks '\(said)', which '\(path)' needs", remedy: "Install it in an earlier task.",
                host: host)
        case 6: Diagnostic(.failed, "the host's tar is not GNU tar", remedy: "Install GNU tar there.", host: host)
        default: Diagnostic(.failed, "cannot pack '\(path)': \(said)", host: host)
        }
    }
}

import Diagnostics
import Results
import Target
internal import Values

/// What the host says about an archive beside what is unpacked of it.
struct ArchiveContent: Sendable {
    enum Kind: Sendable {
        case zip, gzip, tar, bzip2, xz, zstd

        /// What Ansible calls the part of it that handles the kind: tar finds most compressions out by itself.
        var handler: String {
            switch self {
            case .zip: "ZipArchive"
            case .gzip: "TgzArchive"
            default: "TarArchive"
            }
        }
    }

    var kind: Kind
    var names: [String] = []
    /// A line for each thing that differs.
    var differences: [String] = []
    private var isRoot = false

    init(kind: Kind) { self.kind = kind }

    /// Reads what `UnpackScripts.script` writes.
    init(_ answer: CommandResult, _ source: String, _ host: String) throws(Diagnostic) {
        func failed(_ what: String, _ remedy: String? = nil) -> Diagnostic {
            Diagnostic(.failed, what, remedy: remedy, host: host)
        }
        let said = answer.errorOutput.lastLine
        switch answer.status {
        case 0: break
        case 3: throw failed("the host lacks '\(said)', which '\(source)' needs", "Install it in an earlier task.")
        case 4: throw failed("archive '\(source)' is not on the host")
        case 5: throw failed("'\(source)' is empty")
        case 6:
            throw failed("the host's tar is not GNU tar, which is needed to compare archives", "Install GNU tar there.")
        case 7: throw failed("'\(source)' is no archive that can be unpacked: \(said)")
        default: throw failed("cannot unpack '\(source)': \(said)")
        }
        var fields = FieldReader(answer.stdout)
        kind =
            switch fields.next() {
            case "zip": .zip
            case "gz": .gzip
            case "bz2": .bzip2
            case "xz": .xz
            case "zst": .zstd
            default: .tar
            }
        isRoot = fields.next() == "0"
        while case let name = fields.next(), !name.isEmpty {
            // Absolute names are unpacked below the directory.
            names.append(name.hasPrefix("/") ? String(name.drop { $0 == "/" }) : name)
        }
        guard names.contains(where: { !$0.isEmpty }) else { throw failed("'\(source)' holds no files") }
        while !fields.isAtEnd { differences.append(fields.next()) }
    }

    /// Where the names are in the directory: no archive chooses a place outside of it.
    ///
    /// tar drops all of a name up to the last `..`, unzip the `..` alone.
    var unpackedNames: [String] {
        names.map { name in
            let parts = name.split(separator: "/")
            guard let last = parts.lastIndex(of: "..") else { return name }
            return (kind == .zip ? parts.filter { $0 != ".." } : Array(parts[(last + 1)...])).joined(separator: "/")
        }.filter { !$0.isEmpty }
    }

    /// Whether something that would be changed before is among what is unpacked.
    func isTouched(by effects: [(below: String, effect: Change.FileEffect)]) -> Bool {
        guard effects.contains(where: { !$0.below.isEmpty }) else { return false }
        // The names and the directories they are in.
        var wanted: Set<String> = []
        for name in unpackedNames {
            var path = FilePlacement.normalized(name)
            while path != ".", wanted.insert(path).inserted { path = FilePlacement.directory(of: path) }
        }
        return effects.contains { wanted.contains($0.below) }
    }

    /// Drops what tar tells that does not matter: what a task sets itself, and owners where we are not root.
    mutating func judge(_ attributes: FileAttributes) {
        guard kind != .zip else {
            if attributes.mode != nil { differences.removeAll { $0.hasSuffix(": Mode differs") } }
            return
        }
        differences = differences.filter { line in
            // tar tells of parts that --strip-components leaves without a name.
            if line.contains(": : Warning: Cannot stat") { return false }
            if line.hasSuffix(": Uid differs") { return isRoot && attributes.owner == nil }
            if line.hasSuffix(": Gid differs") { return isRoot && attributes.group == nil }
            if line.hasSuffix(": Mode differs") { return attributes.mode == nil }
            return Self.matters.contains { line.hasSuffix($0) }
        }
    }

    private static let matters = [
        ": Mod time differs", ": Warning: Cannot stat: No such file or directory", ": Invalid owner",
        ": Invalid group", ": Symlink differs", ": Contents differ", ": Size differs", ": File type differs",
        ": Not linked to", ": Device number differs",
    ]
}

/// The snippet that compares archives with what is unpacked, and unpacks them.
enum UnpackScripts {
    /// `$1` `compare` or `unpack`; `$2` the archive, or nothing if it comes on standard input; `$3` the directory; `$4`
    /// whether to keep younger files; `$5` the number of further options, `$6` of excluded names; then those, then the
    /// only names wanted. Writes the kind, the user's number, the names, an empty field, and what differs. Status 3: a
    /// program is missing; 4: no archive; 5: an empty one; 6: another tar; 7: no archive in it.
    static let script: Script =
        ReadingScripts.expand + #"""
            mode=$1 archive=$2 keep=$4 options=$5 excludes=$6
            sp_expand "$3"
            cd -- "$p" || exit 1
            directory=$PWD
            shift 6
            work=$(umask 077; mktemp -d) || exit 1
            trap 'rm -rf "$work"' EXIT
            if [ -z "$archive" ]; then
                archive=$work/archive
                cat >"$archive" || exit 1
            else
                sp_expand "$archive"
                archive=$p
                [ -f "$archive" ] || exit 4
                [ -r "$archive" ] || { echo "$archive: permission denied" >&2; exit 1; }
            fi
            [ -s "$archive" ] || exit 5
            need() { command -v "$1" >/dev/null 2>&1 || { echo "$1" >&2; exit 3; }; }
            case $(head -c 6 "$archive" | od -An -tx1 | tr -d ' \n') in
            504b*) kind=zip ;;
            1f8b*) kind=gz program=gzip ;;
            425a68*) kind=bz2 program=bzip2 ;;
            fd377a585a00) kind=xz program=xz ;;
            28b52ffd*) kind=zst program=zstd ;;
            *) kind=tar program= ;;
            esac
            printf '%s\0%s\0' "$kind" "$(id -u)"
            if [ "$kind" = zip ]; then
                need unzip
                # BusyBox's does not tell the names without the rest.
                case $(unzip -v 2>/dev/null) in *Info-ZIP*) ;; *) echo "unzip of Info-ZIP" >&2; exit 3 ;; esac
                # Further options, then the archive, names wanted, names to leave out.
                count=$# index=0
                for word do
                    shift
                    index=$((index + 1))
                    if [ "$index" -le "$options" ]; then set -- "$@" "$word"
                    elif [ "$index" -le $((options + excludes)) ]; then printf '%s\n' "$word" >>"$work/excludes"
                    else printf '%s\n' "$word" >>"$work/includes"; fi
                done
                opts=$#
                set -- "$@" "$archive"
                set -f
                IFS='
            '
                if [ -f "$work/includes" ]; then set -- "$@" $(cat "$work/includes"); fi
                if [ -f "$work/excludes" ]; then set -- "$@" -x $(cat "$work/excludes"); fi
                unset IFS
                unzip -qql "$archive" >/dev/null 2>"$work/said" || { cat "$work/said" >&2; exit 7; }
                # The names, chosen by unzip itself.
                (
                    while [ "$opts" -gt 0 ]; do shift; opts=$((opts - 1)); done
                    unzip -Z1 "$@" 2>/dev/null
                ) >"$work/names"
                if [ "$mode" = unpack ]; then
                    if [ -n "$keep" ]; then set -- -uo "$@"; else set -- -o "$@"; fi
                    unzip -q "$@" -d "$directory" >"$work/said" 2>&1 </dev/null
                    status=$?
                    # A warning that a name was kept inside is no trouble.
                    if [ "$status" = 1 ] && ! grep -qv 'warning:  skipped "\.\./" path' "$work/said"; then status=0; fi
                    [ "$status" = 0 ] || { cat "$work/said" >&2; exit 1; }
                fi
                tr '\n' '\000' <"$work/names"
                printf '\0'
                [ "$mode" = compare ] || exit 0
                unzip -Z -s "$archive" 2>/dev/null | grep '^[-dlrwxsStT?]\{10\} ' | sed 's/^\(.\{10\}\).*:[0-9][0-9] \(.*\)$/\1 \2/' >"$work/modes"
                while IFS= read -r name; do
                    # Where unzip puts it: without any `..`.
                    place=$name
                    case /$name/ in */../*) place=$(printf '/%s\n' "$name" | sed -e ':a' -e 's|/\.\./|/|' -e 'ta' -e 's|^/||') ;; esac
                    case $name in
                    */)
                        if ! [ -d "$directory/$place" ]; then printf '%s: missing\0' "$name"; fi
                        continue
                        ;;
                    esac
                    file=$directory/$place
                    line=$(grep -F -- " $name" "$work/modes" | head -n 1)
                    plain=$(printf '%s' "$name" | sed 's/[][*?\\]/\\&/g')
                    case $line in
                    l*)
                        if ! [ -L "$file" ]; then printf '%s: missing\0' "$name"
                        elif [ "$(readlink -- "$file")" != "$(unzip -p "$archive" "$plain")" ]; then
                            printf '%s: Symlink differs\0' "$name"
                        fi
                        continue
                        ;;
                    esac
                    if ! [ -f "$file" ]; then
                        printf '%s: missing\0' "$name"
                        continue
                    fi
                    if [ -n "$keep" ] && [ "$file" -nt "$archive" ]; then continue; fi
                    if ! unzip -p "$archive" "$plain" </dev/null | cmp -s - "$file"; then
                        printf '%s: Contents differ\0' "$name"
                        continue
                    fi
                    bits=${line%% *}
                    have=$(stat -c %A -- "$file" 2>/dev/null)
                    case $bits in
                    -[r-][w-]?[r-][w-]?[r-][w-]?) [ "$have" = "$bits" ] || printf '%s: Mode differs\0' "$name" ;;
                    esac
                done <"$work/names"
                exit 0
            fi
            need tar
            [ -z "$program" ] || need "$program"
            case $(tar --version 2>/dev/null) in *GNU*) ;; *) exit 6 ;; esac
            count=$# index=0
            for word do
                shift
                index=$((index + 1))
                if [ "$index" -eq 1 ] && [ "$options" -gt 0 ]; then set -- "$@" --show-transformed-names; fi
                if [ "$index" -gt "$options" ] && [ "$index" -le $((options + excludes)) ]; then word=--exclude=$word; fi
                if [ "$index" -eq $((options + excludes + 1)) ]; then set -- "$@" -f "$archive"; fi
                set -- "$@" "$word"
            done
            [ "$count" -gt $((options + excludes)) ] || set -- "$@" -f "$archive"
            [ -z "$program" ] || set -- "--use-compress-program=$program" "$@"
            set -- -C "$directory" "$@"
            tar --list --quoting-style=literal "$@" >"$work/names" 2>"$work/said" || { cat "$work/said" >&2; exit 7; }
            if [ "$mode" = unpack ]; then
                [ -z "$keep" ] || set -- --keep-newer-files "$@"
                tar --extract "$@" >"$work/said" 2>&1 </dev/null || { cat "$work/said" >&2; exit 1; }
            fi
            # Parts that --strip-components leaves without a name are no names.
            grep -v '^$' <"$work/names" | tr '\n' '\000'
            printf '\0'
            [ "$mode" = compare ] || exit 0
            tar --diff "$@" 2>&1 </dev/null | tr '\n' '\000'
            exit 0
            """#
}

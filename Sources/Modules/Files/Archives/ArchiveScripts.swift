import Diagnostics
import Target

/// What the host says about the files that are to be packed, and about the archive.
struct ArchiveListing: Sendable {
    /// The paths and what patterns stand for, and what of them is to be left out.
    private(set) var expanded: [String] = []
    private(set) var excluded: [String] = []
    private(set) var missing: [String] = []
    /// `d` for directories, `f` for everything else that is there.
    private(set) var kinds: [String: String] = [:]
    /// Everything below the directories.
    private(set) var below: [String: [String]] = [:]
    /// The archive itself, under the name it has among what is to be packed.
    private(set) var own: String?
    /// The directory that names in the archive were looked for in; nil if the archive is a packed file or no archive.
    private var root: String?
    /// Names in the archive.
    private var names: [String] = []
    /// Whether what the archive holds is as the files are.
    private var isSame = false

    /// Reads what `ArchiveScripts.look` writes.
    init(_ answer: FieldReader) throws(Diagnostic) {
        var fields = answer
        while case let kind = fields.next(), kind != "archive" {
            guard !fields.isAtEnd else {
                throw Diagnostic(.failed, "the host's answer about what is to be packed was cut")
            }
            let path = fields.next()
            switch kind {
            case "x": excluded.append(path)
            case "o": own = path
            case "-":
                expanded.append(path)
                missing.append(path)
            default:
                expanded.append(path)
                kinds[path] = kind
                guard kind == "d" else { continue }
                var names: [String] = []
                while case let name = fields.next(), !name.isEmpty { names.append(name) }
                below[path] = names.sorted()
            }
        }
        missing.removeAll { excluded.contains($0) }
        isSame = fields.next() == "same"
        let root = fields.next()
        self.root = root.isEmpty ? nil : root
        while !fields.isAtEnd {
            let name = fields.next()
            names.append(name.hasSuffix("/") ? String(name.dropLast()) : name)
        }
    }

    /// What is to be packed, there or not.
    var chosen: [String] { Set(expanded).subtracting(excluded).sorted() }

    /// Whether the archive holds just those names, as the files are now.
    ///
    /// - Parameters:
    ///   - members: Names below the root; nil where one file is only packed.
    func holds(_ members: [String]?, root: String) -> Bool {
        guard isSame else { return false }
        guard let members else { return self.root == nil }
        return self.root == root && names.sorted() == members.sorted()
    }
}

/// The snippets that look, pack and remove.
enum ArchiveScripts {
    /// `need PROGRAM`, and `$packer` for the format.
    private static let formats: Script = #"""
        need() { command -v "$1" >/dev/null 2>&1 || { echo "$1" >&2; exit 3; }; }
        case $format in gz) packer=gzip ;; bz2) packer=bzip2 ;; xz) packer=xz ;; *) packer=cat ;; esac
        """#

    /// After the common look at the archive in `$p`: `$sp_a` the format, ` named` if there is an archive to look at, and
    /// ` forced` if one file makes an archive, too; `$sp_b` the paths and `$sp_c` those to leave out, a line each;
    /// patterns are unfolded. For each: `x` for one to leave out, `d`, `f` or `-` for nothing there, and the path; a
    /// directory is followed by everything below it and an empty field. `o` tells the archive's own place among them.
    /// Then `archive`, `same` or `other`, the directory that its names are below, and those.
    static let look: Script =
        "format=${sp_a%% *}" + formats + #"""
            archive=$p
            case $sp_a in *' named'*) ;; *) archive= ;; esac
            line_end='
            '
            real=
            case $archive in
            '') ;;
            */*) real=$(cd -P -- "${archive%/*}/" 2>/dev/null && pwd -P) && real=${real%/}/${archive##*/} ;;
            *) real=$(pwd -P)/$archive ;;
            esac
            is_pattern() { case $1 in *'*'* | *'?'*) return 0 ;; esac; return 1; }
            # unfold FUNCTION LINES: calls it with each path.
            unfold() {
                todo=$2
                while [ -n "$todo" ]; do
                    next=${todo%%"$line_end"*}
                    sp_expand "$next"
                    case $todo in *"$line_end"*) todo=${todo#*"$line_end"} ;; *) todo= ;; esac
                    path=$p
                    is_pattern "$path" || set -f
                    IFS=
                    for found in $path; do
                        unset IFS
                        set +f
                        if ! [ -e "$found" ] && ! [ -L "$found" ] && is_pattern "$path"; then continue; fi
                        "$1" "$found"
                    done
                    unset IFS
                    set +f
                done
            }
            outs=$line_end
            leave_out() {
                printf 'x\0%s\0' "$1"
                outs=$outs$1$line_end
            }
            root= number=0 one=
            take() {
                case $outs in *"$line_end$1$line_end"*) ;; *)
                    number=$((number + 1))
                    one=$1
                    above=${1%/*}/
                    if [ "$number" = 1 ]; then root=$above; fi
                    while :; do
                        case $above in "$root"*) break ;; esac
                        root=${root%/}
                        case $root in */*) root=${root%/*}/ ;; *) root=; break ;; esac
                    done
                    ;;
                esac
                if ! [ -e "$1" ] && ! [ -L "$1" ]; then printf -- '-\0%s\0' "$1"
                elif [ -d "$1" ]; then
                    printf 'd\0%s\0' "$1"
                    find -H "$1" -mindepth 1 -print0 || exit 1
                    printf '\0'
                    top=$(cd -P -- "$1" && pwd -P)
                    case $real in "${top%/}"/*) printf 'o\0%s\0' "${1%/}/${real#"${top%/}"/}" ;; esac
                else
                    printf 'f\0%s\0' "$1"
                    case $1 in */*) top=$(cd -P -- "${1%/*}/" && pwd -P) ;; *) top=$(pwd -P) ;; esac
                    [ "${top%/}/${1##*/}" != "$real" ] || printf 'o\0%s\0' "$1"
                fi
            }
            unfold leave_out "$sp_c"
            unfold take "$sp_b"
            printf 'archive\0'
            patterns=
            is_pattern "$sp_b" && patterns=1
            names=$(umask 077; mktemp) || exit 1
            trap 'rm -f "$names"' EXIT
            # Whether the archive's names, left in the file, are as the files below the root.
            verdict() {
                [ -n "$archive" ] && [ -f "$archive" ] && [ -r "$archive" ] && command -v "$packer" >/dev/null 2>&1 || return 1
                case $sp_a in *' forced'*) ;; *)
                    case $format in zip | tar) ;; *)
                        if [ "$number" = 1 ] && [ -z "$patterns" ] && ! [ -d "$one" ]; then
                            root=
                            "$packer" -dc <"$archive" 2>/dev/null | cmp -s - "$one"
                            return
                        fi
                        ;;
                    esac
                    ;;
                esac
                cd -- "$root" || return 1
                if [ "$format" = zip ]; then
                    command -v unzip >/dev/null 2>&1 || return 1
                    unzip -Z1 "$archive" >"$names" 2>/dev/null || return 1
                    while IFS= read -r name; do
                        [ -d "$name" ] && continue
                        plain=$(printf '%s' "$name" | sed 's/[][*?\\]/\\&/g')
                        unzip -p "$archive" "$plain" </dev/null 2>/dev/null | cmp -s - "$name" || return 1
                    done <"$names"
                    return 0
                fi
                case $(tar --version 2>/dev/null) in *GNU*) ;; *) return 1 ;; esac
                unpack() { if [ "$packer" = cat ]; then cat "$archive"; else "$packer" -dc <"$archive"; fi; }
                unpack 2>/dev/null | tar -t --quoting-style=literal >"$names" 2>/dev/null || return 1
                unpack | tar --diff >/dev/null 2>&1
            }
            if verdict; then printf 'same\0%s\0' "$root"; else printf 'other\0%s\0' "$root"; fi
            tr '\n' '\000' <"$names"
            """#

    /// Standard input is paths, a line each. Files go first, then directories, the deepest first and only empty ones.
    static let remove: Script = #"""
        work=$(umask 077; mktemp -d) || exit 1
        trap 'rm -rf "$work"' EXIT
        : >"$work/directories"
        while IFS= read -r path; do
            if [ -d "$path" ] && ! [ -L "$path" ]; then printf '%s\n' "$path" >>"$work/directories"
            else printf '%s\0' "$path"; fi
        done >"$work/files"
        if [ -s "$work/files" ]; then xargs -0 rm -f -- <"$work/files" || exit 1; fi
        LC_ALL=C sort -r "$work/directories" | while IFS= read -r path; do rmdir -- "$path" || exit 1; done
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

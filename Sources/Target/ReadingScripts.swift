/// Snippets that read a host, for `TargetReader`'s own helpers and for modules.
///
/// They use what POSIX, coreutils and BusyBox have in common. Answers are fields that end with a zero byte, since
/// no path and no name can hold one.
package enum ReadingScripts {
    /// `sp_expand PATH` leaves in `$p` the path with `~`, `~user`, `$NAME` and `${NAME}` replaced; names without
    /// a value stay as they are.
    package static let expand: Script = #"""
        sp_expand() {
            p=$1
            case $p in
            '~' | '~/'*) p=$HOME${p#'~'} ;;
            '~'*)
                sp_user=${p#'~'}
                sp_user=${sp_user%%/*}
                while IFS=: read -r sp_name sp_x sp_x sp_x sp_x sp_home sp_x; do
                    [ "$sp_name" = "$sp_user" ] && p=$sp_home${p#"~$sp_user"}
                done </etc/passwd
                ;;
            esac
            case $p in *'$'*) ;; *) return 0 ;; esac
            sp_done= sp_rest=$p
            while :; do
                case $sp_rest in *'$'*) ;; *) break ;; esac
                sp_done=$sp_done${sp_rest%%'$'*}
                sp_rest=${sp_rest#*'$'}
                case $sp_rest in
                '{'*'}'*)
                    sp_name=${sp_rest#'{'}
                    sp_name=${sp_name%%'}'*}
                    sp_raw='${'$sp_name'}'
                    sp_tail=${sp_rest#*'}'}
                    ;;
                [A-Za-z_]*)
                    sp_name=${sp_rest%%[!A-Za-z0-9_]*}
                    sp_raw='$'$sp_name
                    sp_tail=${sp_rest#"$sp_name"}
                    ;;
                *)
                    sp_done=$sp_done'$'
                    continue
                    ;;
                esac
                if sp_value=$(printenv "$sp_name"); then
                    sp_done=$sp_done$sp_value
                else
                    sp_done=$sp_done$sp_raw
                fi
                sp_rest=$sp_tail
            done
            p=$sp_done$sp_rest
        }
        """#

    /// `sp_uid NAME` and `sp_gid NAME` print the number of a user or group; a number is its own answer.
    package static let identities: Script = #"""
        sp_uid() {
            case $1 in '') return ;; *[!0-9]*) ;; *) printf %s "$1"; return ;; esac
            id -u -- "$1" 2>/dev/null
        }
        sp_gid() {
            case $1 in '') return ;; *[!0-9]*) ;; *) printf %s "$1"; return ;; esac
            if command -v getent >/dev/null 2>&1; then
                getent group "$1" | cut -d: -f3
            else
                sp_found=
                while IFS=: read -r sp_name sp_x sp_number sp_x; do
                    [ "$sp_name" = "$1" ] && sp_found=$sp_number
                done </etc/group
                printf %s "$sp_found"
            fi
        }
        """#

    /// `sp_inspect CHECKSUM FORMAT PATH` writes the fields that `FieldReader.nextPath` reads.
    package static let inspectOne: Script = #"""
        sp_inspect() {
            sp_expand "$3"
            sp_access= sp_sum=
            if sp_entry=$(stat -c "$2" -- "$p" 2>/dev/null); then
                sp_link= sp_real= sp_followed=
                if [ -L "$p" ]; then
                    sp_link=$(readlink -- "$p"; printf x)
                    sp_link=${sp_link%?x}
                    sp_followed=$(stat -L -c "$2" -- "$p" 2>/dev/null)
                    sp_real=$(readlink -f -- "$p" 2>/dev/null)
                fi
                [ -r "$p" ] && sp_access=r
                [ -w "$p" ] && sp_access=${sp_access}w
                [ -x "$p" ] && sp_access=${sp_access}x
                if [ -d "$p" ]; then
                    for sp_x in "$p"/* "$p"/.[!.]* "$p"/..?*; do
                        if [ -e "$sp_x" ] || [ -L "$sp_x" ]; then
                            sp_access=${sp_access}n
                            break
                        fi
                    done
                elif [ "$1" = 1 ] && [ -f "$p" ] && [ -r "$p" ]; then
                    sp_sum=$(sha1sum <"$p") || return 1
                    sp_sum=${sp_sum%% *}
                fi
            else
                sp_entry= sp_link= sp_real= sp_followed=
                if [ -e "$p" ] || [ -L "$p" ]; then
                    command -v stat >/dev/null 2>&1 || echo 'stat: not found' >&2
                    stat -c "$2" -- "$p" >/dev/null
                    return 1
                fi
            fi
            printf '%s\0%s\0%s\0%s\0%s\0%s\0%s\0' \
                "$p" "$sp_entry" "$sp_followed" "$sp_link" "$sp_real" "$sp_sum" "$sp_access"
        }
        """#

    /// `$1` whether to compute checksums, `$2` the format, `$3` and `$4` a user and a group to look up, `$5` to `$7`
    /// words for a snippet that follows, `$8` the number of paths, then the paths.
    static let inspect: Script =
        expand + identities + inspectOne + #"""
            sp_owner=$3 sp_group=$4
            # Numbers get their names, so that a dry run can foretell both.
            case $3 in '' | *[!0-9]*) ;; *) sp_owner=$(id -un -- "$3" 2>/dev/null) ;; esac
            case $4 in '' | *[!0-9]*) ;; *) sp_group=$(getent group "$4" 2>/dev/null | cut -d: -f1) ;; esac
            printf '%s\0%s\0%s\0%s\0%s\0%s\0' \
                "$(umask)" "$(id)" "$(sp_uid "$3")" "$(sp_gid "$4")" "$sp_owner" "$sp_group"
            sp_checksum=$1 sp_format=$2 sp_a=$5 sp_b=$6 sp_c=$7
            shift 8
            for sp_path do
                sp_inspect "$sp_checksum" "$sp_format" "$sp_path" || exit 1
            done
            """#

    /// `$1` a path, `$2` the most bytes to read. Status 3: not there; 4: longer.
    static let content: Script =
        expand + #"""
            sp_expand "$1"
            [ -e "$p" ] || exit 3
            if [ -d "$p" ]; then echo 'is a directory' >&2; exit 1; fi
            sp_size=$(stat -L -c %s -- "$p" 2>/dev/null || echo 0)
            [ "$sp_size" -le "$2" ] || exit 4
            cat -- "$p"
            """#
}

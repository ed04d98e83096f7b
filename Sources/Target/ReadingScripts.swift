/// Snippets that read a host, for `TargetReader`'s own helpers and for modules.
///
/// They use what POSIX, coreutils and BusyBox have in common. Answers are fields that end with a zero byte, since
/// no path and no name can hold one.
package enum ReadingScripts {
    /// `sp_expand PATH` leaves in `$p` the path with `~`, `~user`, `$NAME` and `${NAME}` replaced; names without
    /// a value stay as they are.
    package static let expand: Script = #"""
        sp_variable() {
            if command -v printenv >/dev/null 2>&1; then
                printenv "$1"
                return
            fi
            # A shell of its own knows what is exported, and not what was read here.
            case $1 in '' | [0-9]* | *[!A-Za-z0-9_]*) return 1 ;; esac
            sh -c 'eval "[ \"\${$1+x}\" ] && printf %s \"\$$1\""' sh "$1"
        }
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
                if sp_value=$(sp_variable "$sp_name"); then
                    sp_done=$sp_done$sp_value
                else
                    sp_done=$sp_done$sp_raw
                fi
                sp_rest=$sp_tail
            done
            p=$sp_done$sp_rest
        }
        """#

    /// `sp_line COUNT` leaves in `$sp_line` what `eval` takes for so many of the words it is called among.
    package static let firstWords: Script = #"""
        sp_line() {
            sp_line= sp_at=1
            while [ "$sp_at" -le "$1" ]; do
                sp_line="$sp_line \"\${$sp_at}\""
                sp_at=$((sp_at + 1))
            done
        }
        """#

    /// `sp_owner NAME` and `sp_group NAME` leave number and name of a user or group in `$sp_number` and `$sp_name`;
    /// what the host does not know stays empty. Who asks is known without starting a program.
    package static let identities: Script = #"""
        sp_identity=${_u-}
        [ -n "$sp_identity" ] || sp_identity=$(id)
        sp_own() {
            sp_number=${1%%" "*} sp_name=
            case $sp_number in *"("*")")
                sp_name=${sp_number#*"("}
                sp_name=${sp_name%")"}
                sp_number=${sp_number%%"("*}
                ;;
            esac
            [ "$2" = "$sp_name" ] || [ "$2" = "$sp_number" ]
        }
        sp_owner() {
            case $1 in '') sp_number= sp_name=; return ;; esac
            sp_own "${sp_identity#uid=}" "$1" && return
            sp_name= sp_number=
            case $1 in
            *[!0-9]*) sp_number=$(id -u -- "$1" 2>/dev/null) && sp_name=$1 ;;
            *)
                sp_number=$1
                sp_name=$(id -un -- "$1" 2>/dev/null) && return
                # BusyBox's `id` takes names alone.
                while IFS=: read -r sp_u sp_x sp_n sp_rest; do
                    [ "$sp_n" = "$1" ] && { sp_name=$sp_u; break; }
                done </etc/passwd
                ;;
            esac
        }
        sp_group() {
            case $1 in '') sp_number= sp_name=; return ;; esac
            sp_own "${sp_identity#* gid=}" "$1" && return
            sp_name= sp_number=
            if command -v getent >/dev/null 2>&1; then
                sp_line=$(getent group "$1")
            else
                sp_line=
                while IFS=: read -r sp_g sp_x sp_n sp_rest; do
                    case $1 in "$sp_g" | "$sp_n") sp_line=$sp_g:$sp_x:$sp_n: ;; esac
                done </etc/group
            fi
            case $1 in *[!0-9]*) ;; *) sp_number=$1 ;; esac
            [ -n "$sp_line" ] || return
            sp_name=${sp_line%%:*}
            sp_number=${sp_line#*:*:}
            sp_number=${sp_number%%:*}
        }
        """#

    /// `sp_inspect WISHES FORMAT PATH...` writes the fields that `FieldReader.nextPath` reads, path by path; wishes
    /// are `c` for checksums and `n` to see whether directories hold anything.
    ///
    /// However many paths there are, one `stat` and one `sha1sum` look at them all.
    package static let inspectPaths: Script = #"""
        sp_inspect() {
            sp_wishes=$1 sp_format=$2
            shift 2
            case $* in *[~$]*)
                sp_n=$#
                for sp_path do
                    sp_expand "$sp_path"
                    set -- "$@" "$p"
                done
                shift "$sp_n"
                ;;
            esac
            sp_stat "$@"
            case $sp_wishes in *c*) sp_sum "$@" ;; *) sp_sums= ;; esac
            sp_at=0 sp_sum_at=0
            for p do
                sp_entry= sp_link= sp_real= sp_followed= sp_sum= sp_access=
                if [ -e "$p" ] || [ -L "$p" ]; then
                    if [ "$sp_found" = "$sp_count" ]; then
                        sp_at=$((sp_at + 1))
                        eval "sp_entry=\$sp_e$sp_at"
                    else
                        # Something came or went meanwhile, or `stat` is not what it should be.
                        sp_entry=$(stat -c "$sp_format" -- "$p") || return 1
                    fi
                    sp_look
                fi
                printf '%s\0%s\0%s\0%s\0%s\0%s\0%s\0' \
                    "$p" "$sp_entry" "$sp_followed" "$sp_link" "$sp_real" "$sp_sum" "$sp_access"
            done
        }
        # The lines of one program's output, in $sp_e1, $sp_e2 ... (or $sp_s1 ...); how many, in $sp_found.
        sp_lines() {
            sp_found=0 sp_ifs=$IFS
            IFS='
        '
            set -f
            for sp_line in $2; do
                sp_found=$((sp_found + 1))
                eval "sp_$1$sp_found=\$sp_line"
            done
            set +f
            IFS=$sp_ifs
        }
        sp_stat() {
            sp_n=$#
            for sp_path do
                if [ -e "$sp_path" ] || [ -L "$sp_path" ]; then set -- "$@" "$sp_path"; fi
            done
            shift "$sp_n"
            sp_count=$# sp_found=0
            [ $# -eq 0 ] || sp_lines e "$(stat -c "$sp_format" -- "$@" 2>/dev/null)"
            sp_stats=$sp_found
        }
        sp_sum() {
            sp_n=$#
            for sp_path do
                if [ -f "$sp_path" ] && [ -r "$sp_path" ]; then set -- "$@" "$sp_path"; fi
            done
            shift "$sp_n"
            sp_sums=$# sp_found=0
            [ $# -eq 0 ] || sp_lines s "$(sha1sum -- "$@" 2>/dev/null)"
            [ "$sp_found" = "$sp_sums" ] || sp_sums=-1
            sp_found=$sp_stats
        }
        sp_look() {
            if [ -L "$p" ]; then
                sp_link=$(readlink -- "$p"; printf x)
                sp_link=${sp_link%?x}
                sp_followed=$(stat -L -c "$sp_format" -- "$p" 2>/dev/null)
                sp_real=$(readlink -f -- "$p" 2>/dev/null)
            fi
            [ -r "$p" ] && sp_access=r
            [ -w "$p" ] && sp_access=${sp_access}w
            [ -x "$p" ] && sp_access=${sp_access}x
            if [ -d "$p" ]; then
                case $sp_wishes in *n*)
                    for sp_x in "$p"/* "$p"/.[!.]* "$p"/..?*; do
                        if [ -e "$sp_x" ] || [ -L "$sp_x" ]; then
                            sp_access=${sp_access}n
                            break
                        fi
                    done
                    ;;
                esac
            elif [ -n "$sp_sums" ] && [ -f "$p" ] && [ -r "$p" ]; then
                if [ "$sp_sums" -ge 0 ]; then
                    sp_sum_at=$((sp_sum_at + 1))
                    eval "sp_sum=\$sp_s$sp_sum_at"
                    # A name with odd characters is marked by a backslash before the sum.
                    sp_sum=${sp_sum#'\'}
                else
                    sp_sum=$(sha1sum <"$p") || return 1
                fi
                sp_sum=${sp_sum%% *}
            fi
        }
        """#

    /// `$1` wishes as above, `$2` the format, `$3` and `$4` a user and a group to look up, `$5` to `$7` words for a
    /// snippet that follows, then the paths.
    ///
    /// `$_u` and `$_m` are what the shell found out about itself when it began; a snippet that runs apart asks anew.
    static let inspect: Script =
        expand + identities + inspectPaths + #"""
            sp_owner "$3"
            sp_uid=$sp_number sp_user=$sp_name
            sp_group "$4"
            printf '%s\0%s\0%s\0%s\0%s\0%s\0' \
                "${_m-$(umask)}" "$sp_identity" "$sp_uid" "$sp_number" "$sp_user" "$sp_name"
            sp_asked=$1 sp_with=$2 sp_a=$5 sp_b=$6 sp_c=$7
            shift 7
            sp_inspect "$sp_asked" "$sp_with" "$@" || exit 1
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

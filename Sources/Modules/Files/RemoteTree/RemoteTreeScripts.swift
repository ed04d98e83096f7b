import Target

/// What a copy of a directory from the host to the host asks of it and does there.
enum RemoteTreeScripts {
    /// After the common look: `$sp_a` the source, `$sp_b` the destination, `$sp_c` `-L` to follow links or
    /// `-P`, and behind it `c` where checksums are wanted though there is nothing to compare with.
    ///
    /// Says `tree`, the top as paths are told, whether it is `inside` the source, whether there are too `many`
    /// entries; then entries in batches: how many, each one below the source, `both` or `new`, and each one below the
    /// top if it is there. An empty count ends them. Then `foreign` and batches of what belongs to somebody else than
    /// the owner and group looked up, or `own`; at last `end`. What is no directory is `other`.
    static let look: Script =
        #"""
        sp_batch() { cat <<'SP_TEXT'
        """# + ReadingScripts.inspectPaths + #"""
            sp_expand() { p=$1; }
            sp_asked=$1 sp_form=$2 sp_to=$3
            shift 3
            [ $# -gt 0 ] || exit 0
            printf '%s\0' "$#"
            sp_inspect "$sp_asked" "$sp_form" "$@" || exit 1
            case $sp_to in
            '') printf 'new\0' ;;
            -) ;;
            *)
                printf 'both\0'
                cd "$sp_to" && sp_inspect "$sp_asked" "$sp_form" "$@" || exit 1
                ;;
            esac
            SP_TEXT
            }
            # `sp_find WISHES TO WORDS...` writes batches of what `find` finds below `.`.
            sp_find() {
                sp_look_for=$1 sp_look_at=$2
                shift 2
                {
                    sp_ends=$(
                        {
                            { find "$@" -print0; echo $? >&3; } |
                                xargs -0 -n 250 sh -c "$(sp_batch)" sh "$sp_look_for" "$sp_format" "$sp_look_at" >&4
                            echo $? >&3
                        } 3>&1
                    )
                } 4>&1
                case $sp_ends in *[1-9]*) return 1 ;; esac
                printf '\0'
            }
            # `sp_many WORDS...` tells whether `find` finds more than may be.
            sp_many() { [ "$(find "$@" -print0 2>/dev/null | tr -dc '\000' | head -c 20001 | wc -c)" -gt 20000 ]; }
            # `sp_real DIRECTORY` leaves its path without links in `$sp_real`.
            sp_real() {
                sp_real=$(cd "$1" && pwd -P && printf x) || return 1
                sp_real=${sp_real%?x}
            }
            sp_gid=$sp_number
            sp_expand "$sp_a"
            sp_src=$p
            sp_expand "$sp_b"
            sp_dest=$p
            # Such names are neither options nor the directory before.
            case $sp_src in /*) ;; *) sp_src=./$sp_src ;; esac
            case $sp_dest in /*) ;; *) sp_dest=./$sp_dest ;; esac
            if [ -d "$sp_src" ]; then
                printf 'tree\0'
                sp_way=${sp_c%c} sp_want=${sp_c#-?} sp_to=
                case $sp_src in
                */) sp_top=$sp_dest ;;
                *) sp_top=${sp_dest%/}/${sp_src##*/} ;;
                esac
                (
                    sp_expand() { p=$1; }
                    sp_inspect '' "$sp_format" "$sp_top"
                ) || exit 1
                sp_real "$sp_src" || exit 1
                sp_from=$sp_real
                sp_up=$sp_top
                while [ ! -d "$sp_up" ]; do
                    case $sp_up in */*) sp_up=${sp_up%/*} ;; *) sp_up=. ;; esac
                    [ -n "$sp_up" ] || sp_up=/
                done
                sp_real "$sp_up" || exit 1
                sp_up=$sp_real sp_in=
                case ${sp_up%/}/ in
                "${sp_from%/}/")
                    [ -d "$sp_top" ] || sp_in=inside
                    ;;
                "${sp_from%/}/"*) sp_in=inside ;;
                esac
                printf '%s\0' "$sp_in"
                if [ -n "$sp_in" ]; then
                    printf '\0\0own\0end\0'
                    exit 0
                fi
                if [ -d "$sp_top" ]; then sp_to=$sp_up sp_want=c; fi
                cd "$sp_from" || exit 1
                if sp_many "$sp_way" . -mindepth 1; then
                    printf 'many\0'
                    exit 0
                fi
                printf '\0'
                sp_find "$sp_want" "$sp_to" "$sp_way" . -mindepth 1 || exit 1
                set --
                if [ -n "$sp_to" ]; then
                    [ -z "$sp_uid" ] || set -- ! -user "$sp_uid"
                    if [ -n "$sp_gid" ]; then
                        if [ $# -gt 0 ]; then set -- "$@" -o; fi
                        set -- "$@" ! -group "$sp_gid"
                    fi
                fi
                if [ $# -eq 0 ]; then
                    printf 'own\0'
                else
                    cd "$sp_to" || exit 1
                    if sp_many . '(' "$@" ')'; then
                        printf 'many\0'
                        exit 0
                    fi
                    printf 'foreign\0'
                    sp_find '' - . '(' "$@" ')' || exit 1
                fi
                printf 'end\0'
            else
                printf 'other\0'
            fi
            """#

    /// `$1` owner, `$2` group (empty to leave them), `$3` `-L` to follow links or `-P`, then steps: a letter and four
    /// words each, the first two of them paths: `=` and the path, or `%` and the path as `printf %b` reads it.
    ///
    /// - `d`: make the directory PATH with the bits MODE.
    /// - `t`: copy the directory SOURCE with all it holds to PATH, where nothing is; MODE is for its top.
    /// - `f`: copy the file SOURCE to PATH with MODE, where the content's SHA-1 is SUM (`-`: where nothing is).
    /// - `l`: copy the link SOURCE to PATH.
    /// - `o`: give PATH its owner and group.
    /// - `a`: give PATH its owner and group, if the fourth word has `o` and `g` in it, and MODE.
    ///
    /// Files, links and trees are made ready beside their places, in directories that nobody else may enter; once all
    /// are there and on the disk, they are moved to their places.
    static let apply: Script = #"""
        owner=$1 group=$2 links=$3
        shift 3
        made=0 last= late=0
        clean() {
            while [ "$made" -gt 0 ]; do
                eval "holder=\$holder_$made"
                made=$((made - 1))
                chmod -R u+rwx -- "$holder" 2>/dev/null
                rm -rf -- "$holder"
            done
        }
        trap clean EXIT
        fail() { echo "$1" >&2; exit 1; }
        word() {
            case $1 in
            =*) word=${1#=} ;;
            *)
                word=$(printf '%b.' "${1#%}")
                word=${word%.}
                ;;
            esac
        }
        # Leaves in $new where the entry for the path $1 is made ready.
        ready() {
            case $1 in */*) dir=${1%/*} ;; *) dir=. ;; esac
            dir=${dir:-/}
            if [ "$dir" != "$last" ]; then
                holder=$(mktemp -d "$dir/.swiftprov-XXXXXXXXXX") || exit 1
                made=$((made + 1)) last=$dir
                # If this is killed, it goes with the shell; only a name with a line end cannot be noted.
                _t "$(absolute "$holder")" || :
                eval "holder_$made=\$holder place_$made=\$dir"
            fi
            new=$holder/${1##*/}
        }
        absent() { if [ -e "$1" ] || [ -L "$1" ]; then fail "'$1' was created by somebody else meanwhile"; fi; }
        own() {
            if [ -n "$owner" ]; then chown -h -- "$owner" "$1" || exit 1; fi
            if [ -n "$group" ]; then chgrp -h -- "$group" "$1" || exit 1; fi
        }
        absolute() { case $1 in /*) printf %s "$1" ;; *) printf %s "$PWD/$1" ;; esac; }
        tree() {
            if cp --version >/dev/null 2>&1 </dev/null; then
                cp -a "$links" --no-preserve=ownership,links -- "$1/." "$2" || exit 1
                # A directory that hands its group on hands that on, too; the source's bits are what was asked for.
                if [ -g "$holder" ]; then
                    (
                        cd "$1" && find "$links" . -type d ! -perm -2000 -exec sh -c '
                            to=$1
                            shift
                            for p do chmod g-s -- "$to/$p" || exit 1; done
                        ' sh "$(absolute "$2")" {} +
                    ) || exit 1
                fi
            else
                # BusyBox has bits and times together with the owner only, whom nobody asked for.
                (umask 0 && cp -R "$links" -- "$1/." "$2") || exit 1
                # Nor for several names of one file to stay that.
                find "$2" -type f -links +1 -exec sh -c '
                    one=$1/.swiftprov-one
                    shift
                    for p do cp -- "$p" "$one" && mv -f -- "$one" "$p" || exit 1; done
                ' sh "$holder" {} + || exit 1
                (
                    cd "$1" && find "$links" . -depth ! -type l -exec sh -c '
                        to=$1
                        shift
                        for p do chmod "$(stat -L -c %a -- "$p")" "$to/$p" && touch -c -r "$p" "$to/$p" || exit 1; done
                    ' sh "$(absolute "$2")" {} +
                ) || exit 1
            fi
            [ -z "$owner" ] || find "$2" ! -user "$owner" -exec chown -h -- "$owner" {} + || exit 1
            [ -z "$group" ] || find "$2" ! -group "$group" -exec chgrp -h -- "$group" {} + || exit 1
        }
        place() {
            [ "$made" -gt 0 ] || return 0
            sync -f -- "$holder" 2>/dev/null || sync 2>/dev/null
            at=1
            while [ "$at" -le "$made" ]; do
                eval "holder=\$holder_$at dir=\$place_$at"
                find "$holder" -mindepth 1 -maxdepth 1 -exec sh -c '
                    dir=$1
                    shift
                    mv -f -- "$@" "$dir/"
                ' sh "$dir" {} + || exit 1
                # Whatever did not go is still in it.
                rmdir -- "$holder" || exit 1
                at=$((at + 1))
            done
            clean
            last=
            while [ "$late" -gt 0 ]; do
                eval "dir=\$late_$late bits=\$mode_$late"
                late=$((late - 1))
                chmod -- "$bits" "$dir" || exit 1
            done
        }
        while [ $# -gt 0 ]; do
            step=$1
            word "$2"
            source=$word
            word "$3"
            path=$word mode=$4 sum=$5
            shift 5
            case $step in
            d)
                mkdir -- "$path" || [ -d "$path" ] || exit 1
                own "$path"
                if [ -n "$mode" ]; then chmod -- "$mode" "$path" || exit 1; fi
                ;;
            t)
                absent "$path"
                ready "$path"
                tree "$source" "$new"
                if [ -n "$mode" ]; then chmod -- "$mode" "$new" || exit 1; fi
                if [ ! -w "$new" ]; then
                    # Who may not write a directory may not move it elsewhere.
                    mode=$(stat -c %a -- "$new") && chmod u+w "$new" || exit 1
                    late=$((late + 1))
                    eval "late_$late=\$path mode_$late=\$mode"
                fi
                ;;
            f)
                if [ -L "$path" ]; then
                    path=$(readlink -f -- "$path" && printf x) || exit 1
                    path=${path%?x}
                fi
                ready "$path"
                case $sum in
                -) absent "$path" ;;
                ?*)
                    now=$(sha1sum <"$path") || exit 1
                    [ "${now%% *}" = "$sum" ] || fail "'$path' was changed by somebody else meanwhile"
                    ;;
                esac
                if [ "$sum" != - ]; then
                    was=$(stat -c '%u %g' -- "$path") || exit 1
                    cp --attributes-only --preserve=mode,xattr -- "$path" "$new" 2>/dev/null
                    [ ! -e "$new" ] || chmod 600 "$new" || exit 1
                fi
                cat <"$source" >"$new" || exit 1
                if [ "$sum" != - ]; then
                    chown "${was%% *}" "$new" 2>/dev/null
                    chgrp "${was#* }" "$new" 2>/dev/null
                fi
                own "$new"
                chmod -- "$mode" "$new" || exit 1
                ;;
            l)
                if [ -d "$path" ] && [ ! -L "$path" ]; then fail "'$path' is a directory"; fi
                ready "$path"
                cp -P -- "$source" "$new" && [ -L "$new" ] || exit 1
                own "$new"
                ;;
            o)
                place
                own "$path"
                ;;
            a)
                place
                case $sum in *o*) chown -- "$owner" "$path" || exit 1 ;; esac
                case $sum in *g*) chgrp -- "$group" "$path" || exit 1 ;; esac
                if [ -n "$mode" ]; then chmod -- "$mode" "$path" || exit 1; fi
                ;;
            esac
        done
        place
        """#
}

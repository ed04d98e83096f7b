import Target

/// The snippets that look at and change working copies.
enum GitScripts {
    /// `$1` git; `$2` the directory; `$3` the repository; `$4` the version; `$5` the remote's name; `$6` flags: `b`are,
    /// `f`orce, `r`ecursive, `t`rack submodules, `s`ingle branch, `u`pdate, `c`lone; `$7` the depth; `$8` the ssh command;
    /// `$9` a separate directory; `$10` a refspec; `$11` a reference; `$12` a umask; `$13` an archive, `$14` its prefix.
    private static let begin: Script =
        ReadingScripts.expand + #"""
            git=$1 repo=$3 version=$4 remote=$5 flags=$6 depth=$7 separate=$9
            sp_expand "$2"
            dest=$p
            case $dest in /*) ;; *) dest=$PWD/$dest ;; esac
            GIT_SSH_COMMAND=$8 GIT_TERMINAL_PROMPT=0
            export GIT_SSH_COMMAND GIT_TERMINAL_PROMPT
            shift 9
            refspec=$1 reference=$2 mask=$3 archive=$4 prefix=$5
            [ -z "$mask" ] || umask "$mask"
            command -v "$git" >/dev/null 2>&1 || exit 3
            is() { case $flags in *"$1"*) return 0 ;; esac; return 1; }
            clone= bare=
            if is b; then
                [ -f "$dest/config" ] && [ -d "$dest/objects" ] && clone=1
            else
                [ -e "$dest/.git" ] && clone=1
            fi
            if [ -n "$archive" ]; then sp_expand "$archive"; archive=$p; fi
            if [ -n "$separate" ]; then sp_expand "$separate"; separate=$p; fi
            case $archive in *.zip) kind=zip ;; *.tar) kind=tar ;; *) kind=tar.gz ;; esac
            work() { "$git" -C "$dest" "$@"; }
            head_commit() { work rev-parse --verify -q 'HEAD^{commit}'; }
            # What was changed by hand; files git does not know are left alone.
            modified() { is b || work --no-optional-locks status --porcelain --untracked-files=no --ignore-submodules=none 2>/dev/null | grep -v '^ [mM] .*/$'; }
            stale() { work submodule status --recursive 2>/dev/null | grep -q '^[-+U]'; }
            """#

    /// Writes flags (`c`lone there, `d` in a separate directory, `s`ubmodules, `S`tale ones, `a`rchive to be made), the
    /// commit, the address, what was changed by hand, the branch, and what the repository has. Status 3: no git; 4:
    /// something else is there; 5: the repository does not answer.
    static let look: Script =
        begin + #"""
            said=
            if [ -z "$clone" ]; then
                if [ -e "$dest" ] && { ! [ -d "$dest" ] || [ -n "$(ls -A -- "$dest")" ]; }; then exit 4; fi
            else
                said=c
                [ -d "$dest/.git" ] || said=${said}d
                if ! is b && [ -f "$dest/.gitmodules" ]; then
                    said=${said}s
                    stale && said=${said}S
                fi
                if [ -n "$archive" ]; then
                    set -- archive --format="$kind"
                    [ -z "$prefix" ] || set -- "$@" --prefix="$prefix"
                    ref=$version
                    [ "$version" = HEAD ] || work rev-parse --verify -q "$ref^{commit}" >/dev/null || ref=HEAD
                    work "$@" "$ref" 2>/dev/null | cmp -s - "$archive" || said=${said}a
                fi
            fi
            refs=
            if [ -z "$clone" ] || is u; then
                refs=$("$git" ls-remote -- "$repo" HEAD "refs/heads/*" "refs/tags/*" "$version") || exit 5
            fi
            printf '%s\0' "$said"
            if [ -n "$clone" ]; then
                printf '%s\0%s\0%s\0%s\0' "$(head_commit)" "$(work config --get "remote.$remote.url")" "$(modified)" \
                    "$(work symbolic-ref -q --short HEAD)"
            else
                printf '\0\0\0\0'
            fi
            printf '%s\0' "$refs"
            exit 0
            """#

    /// Clones, or fetches and checks out. Writes the commit before, the one after, and flags: `u` another address, `m`
    /// changes by hand thrown away, `s`ubmodules, `a`rchive made.
    static let change: Script =
        begin + #"""
            told= before=
            is_branch() { work show-ref -q --verify "refs/remotes/$remote/$1"; }
            listed() { "$git" ls-remote -- "$repo" "$1" 2>/dev/null | grep -q .; }
            if [ -z "$clone" ]; then
                case $dest in */*) mkdir -p -- "${dest%/*}" || exit 1 ;; esac
                set -- clone --origin "$remote"
                if is b; then set -- "$@" --bare; fi
                named=
                if [ "$version" != HEAD ] && { listed "refs/heads/$version" || listed "refs/tags/$version"; }; then named=1; fi
                if [ -n "$depth" ]; then
                    if [ "$version" = HEAD ] || [ -n "$refspec" ]; then set -- "$@" --depth "$depth"
                    elif [ -n "$named" ]; then set -- "$@" --depth "$depth" --branch "$version"
                    fi
                fi
                if is s; then
                    set -- "$@" --single-branch
                    if [ -n "$named" ] && [ -z "$depth" ]; then set -- "$@" --branch "$version"; fi
                fi
                [ -z "$reference" ] || set -- "$@" --reference "$reference"
                [ -z "$separate" ] || set -- "$@" --separate-git-dir "$separate"
                "$git" "$@" -- "$repo" "$dest" >&2 || exit 1
                [ -z "$refspec" ] || work fetch "$remote" "$refspec" >&2 || exit 1
            else
                before=$(head_commit)
                if [ -n "$(modified)" ]; then
                    is f || exit 1
                    work reset -q --hard HEAD -- >&2 || exit 1
                    told=m
                fi
                url=$(work config --get "remote.$remote.url")
                if [ -z "$url" ]; then work remote add -- "$remote" "$repo" >&2 || exit 1
                elif [ "$url" != "$repo" ]; then
                    work remote set-url -- "$remote" "$repo" >&2 || exit 1
                    told=${told}u
                fi
                set -- fetch
                is f && set -- "$@" --force
                if [ -n "$depth" ]; then
                    set -- "$@" --depth "$depth"
                    if [ "$version" != HEAD ]; then
                        if listed "refs/heads/$version"; then refspec="$refspec +refs/heads/$version:refs/remotes/$remote/$version"
                        elif listed "refs/tags/$version"; then refspec="$refspec +refs/tags/$version:refs/tags/$version"
                        fi
                    fi
                else
                    set -- "$@" --tags
                fi
                if is b; then
                    work "$@" "$remote" '+refs/heads/*:refs/heads/*' $refspec >&2 || exit 1
                else
                    work "$@" "$remote" >&2 || exit 1
                    # Words of a refspec hold no blanks, so they may be split here.
                    [ -z "$refspec" ] || work "$@" "$remote" $refspec >&2 || exit 1
                fi
            fi
            if ! is b; then
                if [ "$version" = HEAD ]; then
                    branch=$(work symbolic-ref -q --short HEAD)
                    if [ -z "$branch" ]; then
                        branch=$(work symbolic-ref -q --short "refs/remotes/$remote/HEAD")
                        branch=${branch#"$remote/"}
                    fi
                    if [ -n "$branch" ] && is_branch "$branch"; then
                        work checkout -q --force "$branch" -- >&2 || exit 1
                        work reset -q --hard "$remote/$branch" -- >&2 || exit 1
                    fi
                elif is_branch "$version"; then
                    if work show-ref -q --verify "refs/heads/$version"; then
                        work checkout -q --force "$version" -- >&2 || exit 1
                        work reset -q --hard "$remote/$version" -- >&2 || exit 1
                    else
                        work checkout -q --force --track -b "$version" "$remote/$version" -- >&2 || exit 1
                    fi
                else
                    work checkout -q --force "$version" -- >&2 || exit 1
                fi
                if is r && [ -f "$dest/.gitmodules" ]; then
                    old=$(work submodule status --recursive 2>/dev/null)
                    work submodule sync --recursive >&2 || exit 1
                    set -- submodule update --init --recursive
                    is t && set -- "$@" --remote
                    is f && set -- "$@" --force
                    work "$@" >&2 || exit 1
                    [ "$old" = "$(work submodule status --recursive 2>/dev/null)" ] || told=${told}s
                fi
            fi
            if [ -n "$archive" ]; then
                set -- archive --format="$kind"
                [ -z "$prefix" ] || set -- "$@" --prefix="$prefix"
                new=
                trap '[ -z "$new" ] || rm -f -- "$new"' EXIT
                [ ! -d "$archive" ] || { echo "'$archive' is a directory" >&2; exit 1; }
                new=$(mktemp "$archive.XXXXXX") || { new=; exit 1; }
                work "$@" "$version" >"$new" || exit 1
                if ! cmp -s "$new" "$archive"; then
                    chmod =rw "$new" && { sync "$new" || sync; } 2>/dev/null
                    mv -f -- "$new" "$archive" || exit 1
                    told=${told}a
                fi
            fi
            printf '%s\0%s\0%s\0' "$before" "$(head_commit)" "$told"
            exit 0
            """#
}

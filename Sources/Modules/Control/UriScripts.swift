import Target

/// The snippet that asks a web service from the host.
enum UriScripts {
    /// `$1` the address, `$2` the method, `$3` seconds, `$4` whether to follow, `$5` whether to verify, `$6` a file
    /// on the host to send, `$7` whether a body is sent, `$8` `curl` if nothing else will do, `$9` and `$10` the
    /// lengths of the first two parts of standard input; see `UriRequest.input`; `$11` whether `.netrc` may be read; `$12`
    /// whether an answer packed for the way is unpacked. Status 3: nothing to ask with.
    static let ask: Script =
        ReadingScripts.expand + #"""
            url=$1 method=$2 limit=$3 follow=$4 verify=$5 source=$6 hasbody=$7 only=$8 configsize=$9
            shift 9
            headersize=$1 netrc=$2 unpacks=$3
            have() { command -v "$1" >/dev/null 2>&1; }
            work=$(umask 077; mktemp -d) || exit 1
            trap 'rm -rf "$work"' EXIT
            cat >"$work/all" || exit 1
            head -c "$configsize" "$work/all" >"$work/config"
            tail -c +$((configsize + 1)) "$work/all" >"$work/rest"
            head -c "$headersize" "$work/rest" >"$work/headers"
            tail -c +$((headersize + 1)) "$work/rest" >"$work/body"
            if [ -n "$source" ]; then
                sp_expand "$source"
                cp -- "$p" "$work/body" || exit 1
                hasbody=1
            fi
            : >"$work/out"
            effective=
            if have curl; then
                set -- -sS -m "$limit" -D "$work/got" -o "$work/out" -w '%{url_effective}' -K "$work/config"
                [ -n "$follow" ] && set -- "$@" -L
                [ -n "$verify" ] || set -- "$@" -k
                if [ -n "$hasbody" ]; then set -- "$@" --data-binary "@$work/body"; fi
                if [ "$method" = HEAD ]; then set -- "$@" -I; else set -- "$@" -X "$method"; fi
                # curl would add these by itself.
                case $hasbody in 1) grep -qi '^content-type:' "$work/headers" || set -- "$@" -H 'Content-Type:' ;; esac
                effective=$(curl "$@") || exit 1
                if [ "$method" = HEAD ]; then : >"$work/out"; fi
            elif [ "$only" = curl ]; then
                exit 3
            elif have wget && wget --help 2>&1 | grep -q -- --method; then
                set -- -q -S --content-on-error --timeout="$limit" --tries=1 -O "$work/out" --method="$method"
                if [ -n "$follow" ]; then set -- "$@" --max-redirect=20; else set -- "$@" --max-redirect=0; fi
                [ -n "$verify" ] || set -- "$@" --no-check-certificate
                if [ -n "$hasbody" ]; then set -- "$@" --body-file="$work/body"; fi
                # Headers and the address may be secret; these files are read by nobody else.
                { echo "netrc = $netrc"; tr -d '\r' <"$work/headers" | sed 's/^/header = /'; } >"$work/wgetrc"
                printf '%s\n' "$url" >"$work/address"
                WGETRC=$work/wgetrc wget "$@" -i "$work/address" 2>"$work/got"
                status=$?
                # 8 is an answer with an error status, which is an answer.
                if [ $status != 0 ] && [ $status != 8 ] || ! grep -q '^ *HTTP/' "$work/got"; then
                    cat "$work/got" >&2
                    exit 1
                fi
                effective=$(sed -n 's/^ *[Ll]ocation: *\([^ ]*\).*/\1/p' "$work/got" | tail -n 1 | tr -d '\r')
                case $effective in http*) [ -n "$follow" ] || effective= ;; *) effective= ;; esac
            elif have bash && have timeout; then
                case $url in http://*) ;; *) exit 3 ;; esac
                rest=${url#http://}
                authority=${rest%%[/?#]*}
                path=${rest#"$authority"}
                path=${path%%#*}
                case $path in /*) ;; *) path=/$path ;; esac
                authority=${authority##*@}
                case $authority in
                \[*\]:*) host=${authority%]*} host=${host#\[} port=${authority##*:} ;;
                \[*\]) host=${authority%]*} host=${host#\[} port=80 ;;
                *:*) host=${authority%:*} port=${authority##*:} ;;
                *) host=$authority port=80 ;;
                esac
                {
                    printf '%s %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n' "$method" "$path" "$authority"
                    cat "$work/headers"
                    if [ -n "$hasbody" ]; then printf 'Content-Length: %s\r\n' "$(wc -c <"$work/body" | tr -d ' ')"; fi
                    printf '\r\n'
                    if [ -n "$hasbody" ]; then cat "$work/body"; fi
                } >"$work/request"
                timeout "$limit" bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1; cat "$3" >&3; cat <&3' \
                    uri "$host" "$port" "$work/request" >"$work/whole" || [ -s "$work/whole" ] || exit 1
                # The header ends with an empty line.
                lines=$(grep -an -m 1 '^.\{0,1\}$' "$work/whole" | cut -d: -f1)
                head -n "${lines:-0}" "$work/whole" >"$work/got"
                tail -n +$((${lines:-0} + 1)) "$work/whole" >"$work/out"
            else
                exit 3
            fi
            if [ -n "$unpacks" ] && tr -d '\r' <"$work/got" | grep -qi '^ *content-encoding: *gzip *$'; then
                gzip -dc <"$work/out" >"$work/plain" 2>/dev/null && mv "$work/plain" "$work/out"
            fi
            printf '%s\0' "$effective"
            tr -d '\000' <"$work/got"
            printf '\0'
            cat "$work/out"
            """#
}

import Target

/// The snippets that the apt module runs on the host.
enum AptScripts {
    /// Looks at the packages asked for and, unless all are as wanted, at what apt-get would do.
    ///
    /// `$1` what is wanted (`present`, `absent`, `purge`, `always` to simulate in any case), `$2` a package file,
    /// `$3` an upgrade verb, `$4` `autoremove`, `fixed` or empty, `$5` the number of packages; then for each its
    /// name, version, whether that is a least version, and apt-get's word for it; then apt-get's options and verb.
    static let look: Script = #"""
        command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1 || exit 3
        stamp=/var/lib/apt/periodic/update-success-stamp
        [ -e $stamp ] || stamp=/var/lib/apt/lists
        wanted=$1 deb=$2 upgrade=$3 other=$4 count=$5
        shift 5
        printf '%s\0%s\0' "$(date +%s)" "$(stat -c %Y $stamp 2>/dev/null)"

        # One question for all names; what is not known is simply not in the answer.
        n=0 names=
        known=
        if [ "$count" -gt 0 ]; then
            known=$(
                while [ $n -lt "$count" ]; do
                    set -- "$@" "$1" "$2" "$3" "$4"
                    printf '%s\n' "$1"
                    shift 4
                    n=$((n + 1))
                done | sed 's/:.*//' | tr '\n' '\0' |
                    xargs -0 dpkg-query -W -f '\n${Package}|${db:Status-Status}|${Version}|' -- 2>/dev/null
            )
        fi
        provided=-
        states= missing=$wanted
        while [ $n -lt "$count" ]; do
            name=${1%%:*} version=$2 least=$3 word=$4
            shift 4
            n=$((n + 1))
            state=0 current=
            case $known in
            *"
        $name|installed|"*)
                current=${known#*"
        $name|installed|"}
                current=${current%%|*}
                ;;
            esac
            case $wanted in
            absent | purge)
                if [ -z "$current" ]; then
                    state=1
                    case $wanted$known in purge*"
        $name|config-files|"*) state=0 ;; esac
                fi
                ;;
            *)
                if [ -n "$current" ]; then
                    if [ -z "$version" ]; then
                        state=1
                    elif [ -n "$least" ]; then
                        dpkg --compare-versions "$current" ge "$version" && state=1
                    else
                        case $current in $version) state=1 ;; esac
                    fi
                else
                    # Another package may provide it.
                    [ "$provided" = - ] && provided=$(dpkg-query -W -f '|${db:Status-Status}, ${Provides},\n' |
                        sed -n 's/^|installed,//p' | sed 's/ *([^)]*)//g')
                    [ -z "$version" ] && case $provided in *" $name,"*) state=1 ;; esac
                fi
                [ "$wanted" = always ] && state=0
                ;;
            esac
            states=$states$state
            # Names that are as wanted go to the end and are dropped.
            if [ $state = 0 ]; then names="$names $n"; set -- "$@" "$word"; fi
        done
        printf '%s\0' "$states"

        debstate=
        if [ -n "$deb" ]; then
            if [ -f "$deb" ]; then
                fields=$(dpkg-deb -W --showformat='${Package}|${Version}' "$deb") || exit 1
                if [ "$(dpkg-query -W -f '${db:Status-Status}|${Version}' "${fields%%|*}" 2>/dev/null)" = "installed|${fields#*|}" ]; then
                    debstate=same
                else
                    debstate=${fields#*|}
                fi
            else
                debstate=missing
            fi
        fi
        printf '%s\0%s\0' "$deb" "$debstate"

        # What is left: apt-get's options, its verb, and the words that are to be worked on.
        work=
        case $states in *0*) work=1 ;; esac
        if [ -z "$work$upgrade$other" ]; then
            printf '\0\0\0'
            exit 0
        fi
        export DEBIAN_FRONTEND=noninteractive
        outfile=$(mktemp) && errfile=$(mktemp) || exit 1
        status=0
        if [ -n "$work" ]; then
            apt-get -s "$@" >"$outfile" 2>"$errfile" || status=$?
        fi
        if [ $status = 0 ] && [ -n "$upgrade$other" ]; then
            # Options only: the verb and the words after it are another command's.
            simulate() {
                verb=$1
                shift
                apt-get -s -y -o Debug::NoLocking=1 $verb >>"$outfile" 2>>"$errfile" || status=$?
            }
            case $upgrade in
            upgrade) simulate "upgrade --with-new-pkgs" ;;
            dist-upgrade) simulate dist-upgrade ;;
            esac
            case $other in
            autoremove) simulate autoremove ;;
            fixed) simulate "-f install" ;;
            esac
        fi
        printf '%s\0%s\0%s\0' "$status" "$(cat "$outfile")" "$(cat "$errfile")"
        rm -f "$outfile" "$errfile"
        """#

    /// A command that updates the package lists, trying again after growing waits, and prints their time.
    static func updateWords(retries: Int, longestWait: Int) -> [String] {
        ["sh", "-c", update.text, "apt", String(retries), String(longestWait)]
    }

    private static let update: Script = #"""
        export DEBIAN_FRONTEND=noninteractive LC_ALL=C
        try=0
        while :; do
            try=$((try + 1))
            # Without this option a server that cannot be reached is a warning and the lists stay old.
            if apt-get update -q -o APT::Update::Error-Mode=any </dev/null >&2; then break; fi
            [ $try -lt "$1" ] || exit 1
            wait=$((try * try))
            [ $wait -le "$2" ] || wait=$2
            sleep $wait
        done
        stamp=/var/lib/apt/periodic/update-success-stamp
        [ -e $stamp ] || stamp=/var/lib/apt/lists
        stat -c %Y $stamp
        """#

    /// A command that runs apt-get, with services kept from starting if `policy` says so.
    static func runWords(_ words: [String], policy: Int?) -> [String] {
        ["sh", "-c", run.text, "apt", policy.map { String($0) } ?? ""] + words
    }

    private static let run: Script = #"""
        export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical LC_ALL=C
        policy=$1 file=/usr/sbin/policy-rc.d
        shift
        if [ -n "$policy" ]; then
            saved=
            if [ -e $file ]; then saved=$file.swiftprov.$$; mv -f $file "$saved" || exit 1; fi
            trap 'rm -f $file; if [ -n "$saved" ]; then mv -f "$saved" $file; fi' EXIT
            trap 'exit 143' TERM INT HUP
            printf '#!/bin/sh\nexit %s\n' "$policy" >$file && chmod 755 $file || exit 1
            apt-get "$@" </dev/null
        else
            exec apt-get "$@" </dev/null
        fi
        """#
}

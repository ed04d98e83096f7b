#!/usr/bin/env bash
# Time and peak memory of the site's first and second run, swiftprov's and ansible-playbook's, on fresh
# hosts of the same make, in the same minutes: `make bench`. RUNS=N repeats the second run.
set -euo pipefail
cd "$(dirname "$0")"
if [ "$(id -u)" -ne 0 ]; then
    exec sudo --preserve-env=SWIFTPROV,SWIFTPROV_TESTBED,SWIFTPROV_ORACLE,RUNS -- "$PWD/${0##*/}" "$@"
fi
. ./lib.sh
. ./oracle.sh
WORK=$(mktemp -d /tmp/swiftprov-bench.XXXXXX)
finish() {
    rm -rf "$WORK"
    "$TESTBED/registry.sh" down
    "$TESTBED/hosts.sh" down
}
trap finish EXIT
[ -x /usr/bin/time ] || apt-get install -qq -y time >/dev/null
need_oracle

# Both get hosts with Python, so that nothing but the engine differs.
export SWIFTPROV_TESTBED_PYTHON=1

measure() { # NAME COMMAND...
    local name=$1
    shift
    /usr/bin/time -q -f '%e %M %U %S' -o "$WORK/time" "$@" >"$WORK/output" 2>&1 </dev/null || {
        cat "$WORK/output"
        exit 1
    }
    awk -v name="$name" '{printf "%-34s %7.1f s %8.1f MiB %6.1f s user %5.1f s system\n", name, $1, $2 / 1024, $3, $4}' "$WORK/time"
    grep -E 'ok=[0-9]+ ' "$WORK/output" | sed 's/^/    /'
}

printf 'load before: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
for who in swiftprov ansible-playbook; do
    fresh_hosts h1 h2
    new_site
    if [ $who = swiftprov ]; then
        run=("$SWIFTPROV" apply "${SITE[@]}")
    else
        run=(env -i "PATH=$ORACLE/bin:$PATH" "HOME=$WORK" LANG=C.UTF-8 ANSIBLE_NOCOLOR=1 ANSIBLE_PIPELINING=1 "$ORACLE/bin/ansible-playbook" "${SITE[@]}")
    fi
    measure "$who, first run" "${run[@]}"
    for _ in $(seq "${RUNS:-3}"); do measure "$who, second run" "${run[@]}"; done
done
printf 'load after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"

#!/usr/bin/env bash
# swiftprov beside the real tools on the same inputs, in the same minutes: `make bench CASES="render plan"`.
# Without names all but the site, which needs hosts and root. What counts is the ratio: theirs divided by ours.
#   SWIFTPROV_ORACLE  the folder of a Python environment with ansible-core (default: made beside the testbed)
#   BENCH_SECONDS     how long each in-process measurement repeats (default 5)
set -euo pipefail
cd "$(dirname "$0")"
. ../Integration/lib.sh
. ../Integration/oracle.sh
: "${BENCH:=$(dirname "$SWIFTPROV")/TemplateBenchmark}"
: "${BENCH_SECONDS:=5}"
WORK=$(mktemp -d /tmp/swiftprov-bench.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
[ -x /usr/bin/time ] || { echo "GNU time is missing: apt-get install time" >&2; exit 1; }
need_oracle
export PYTHONDONTWRITEBYTECODE=1

inputs() { "$ORACLE/bin/python" inputs.py "$1" "$WORK/$1"; }

# ratio WHAT OURS THEIRS WANTED UNIT
ratio() {
    awk -v what="$1" -v ours="$2" -v theirs="$3" -v wanted="$4" -v unit="$5" 'BEGIN {
        printf "%-44s ours %10.4f %s  theirs %10.4f %s  ratio %7.1f%s\n",
            what, ours, unit, theirs, unit, theirs / ours, wanted == "" ? "" : "  (wanted: " wanted ")" }'
}

# cost COMMAND...: its processor seconds and peak memory in KiB, the least of three runs.
cost() {
    local run
    for run in 1 2 3; do
        /usr/bin/time -q -f '%U %S %M' -o "$WORK/time.$run" "$@" >"$WORK/output" 2>"$WORK/errors" </dev/null || {
            cat "$WORK/errors" >&2
            exit 1
        }
    done
    awk '{ cpu = $1 + $2; if (!n++ || cpu < best) best = cpu; if (n == 1 || $3 < least) least = $3 }
        END { print (best > 0 ? best : 0.005), least }' "$WORK"/time.[123]
}



# in_process CASE ENGINE WANTED: one engine's best processor time against ours.
in_process() {
    local ours theirs
    ours=$("$BENCH" "$1" "$WORK/$1" "$BENCH_SECONDS")
    theirs=$("$WORK/theirs" "$ORACLE/bin/python" templating.py "$2" "$1" "$WORK/$1" "$BENCH_SECONDS" 2>"$WORK/errors") ||
        { cat "$WORK/errors" >&2; exit 1; }
    ratio "$1, against $2" "$ours" "$theirs" "$3" s
}

case_render() {
    inputs render
    in_process render jinja2 5
    in_process render ansible 5
    same_text render
}

case_expressions() {
    inputs expressions
    in_process expressions jinja2 5
    in_process expressions ansible 5
    same_text expressions
}

case_chains() {
    inputs chains
    in_process chains ansible 5
    same_text chains
}

# What is quick and wrong is no good: both made the same of it.
same_text() {
    "$ORACLE/bin/python" -c 'import json, sys; a, b = (json.load(open(p)) for p in sys.argv[1:]); sys.exit(a != b)' \
        "$WORK/$1/swiftprov.json" "$WORK/$1/ansible.json" || fail "$1: what swiftprov and Ansible make differs"
}

# commands WHAT CPU_WANTED MEMORY_WANTED OURS… -- THEIRS…
commands() {
    local what=$1 cpu=$2 memory=$3 ours=() mine yours
    shift 3
    while [ "$1" != -- ]; do ours+=("$1"); shift; done
    shift
    mine=$(cost "${ours[@]}")
    yours=$(cost "$WORK/theirs" "$@")
    ratio "$what, processor time" "${mine% *}" "${yours% *}" "$cpu" s
    ratio "$what, peak memory" "$(("${mine#* }" / 1024))" "$(("${yours#* }" / 1024))" "$memory" MiB
}

case_inventory() {
    inputs inventory
    commands "inventory --list, 10000 hosts" 20 4 "$SWIFTPROV" inventory -i "$WORK/inventory/hosts.ini" --list \
        -- "$ORACLE/bin/ansible-inventory" -i "$WORK/inventory/hosts.ini" --list
}

case_plan() {
    inputs plan
    commands "--list-tasks, 200 roles, 5000 tasks" 30 "ours below 150 MiB" \
        "$SWIFTPROV" apply -i "$WORK/plan/hosts.ini" "$WORK/plan/site.yml" --list-tasks \
        -- "$ORACLE/bin/ansible-playbook" -i "$WORK/plan/hosts.ini" "$WORK/plan/site.yml" --list-tasks
}

case_start() {
    local hundred
    # One start is shorter than the clock that measures it.
    # shellcheck disable=SC2016  # the inner shell fills this in
    hundred=$(cost sh -c 'for i in $(seq 100); do "$0" --version; done' "$SWIFTPROV")
    ratio "--version" "$(awk -v cpu="${hundred% *}" 'BEGIN { print cpu / 100 }')" \
        "$(cost "$WORK/theirs" "$ORACLE/bin/ansible-playbook" --version | cut -d' ' -f1)" "ours below 0.020" s
}

. ./connections.sh

case_site() { ../Integration/bench.sh; }

# Runs one of the real tools, without this machine's own settings.
cat >"$WORK/theirs" <<END
#!/bin/sh
exec env -i PATH="$ORACLE/bin:$PATH" HOME="$WORK" LANG=C.UTF-8 ANSIBLE_NOCOLOR=1 PYTHONDONTWRITEBYTECODE=1 "\$@"
END
chmod +x "$WORK/theirs"


known="start render expressions chains inventory plan play hosts latency site"
[ $# -gt 0 ] || set -- start render expressions chains inventory plan play hosts latency
printf 'load before: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
for name in "$@"; do
    case " $known " in *" $name "*) ;; *) echo "there is no benchmark '$name'; there are: $known" >&2; exit 2 ;; esac
    "case_$name"
done
printf 'load after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"

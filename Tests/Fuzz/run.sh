#!/usr/bin/env bash
# Gives each target hostile inputs for some time: `make fuzz`, or Tests/Fuzz/run.sh [TARGET…].
# An input that brings the driver down (a crash, ten seconds, two gibibytes) is kept in Findings/TARGET, which the
# next run tries first: it stays until it is mended, and then as a test.
#   SECONDS_EACH  how long each target is tried (default 60; 0 tries the findings alone)
#   SEED          where chance begins (default: the time; it is printed, and the same seed gives the same inputs)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tests=${here%/*}
: "${FUZZ_DRIVER:=${tests%/*}/.build/release/FuzzDriver}" "${SECONDS_EACH:=60}" "${SEED:=$(date +%s)}"
state=$(mktemp -d /tmp/swiftprov-fuzz.XXXXXX)
trap 'rm -rf "$state"' EXIT
found=0

corpus() {
    case $1 in
    template) ls "$tests"/JinjaTests/Cases/*.in.json ;;
    inventory) printf '%s\n' "$tests/InventoryTests/Cases" "$tests/InventoryTests/ErrorCases" ;;
    yaml) printf '%s\n' "$tests/YAMLTests/Cases" ;;
    vault) printf '%s\n' "$tests/VaultTests/Cases" ;;
    *) echo "there is no target '$1'; there are: template inventory yaml vault" >&2; exit 2 ;;
    esac
}

# keep TARGET STATUS: what was being tried when the driver ended.
keep() {
    local kept
    kept=$here/Findings/$1/$(sha256sum <"$state/input" | cut -c1-12)
    mkdir -p "${kept%/*}"
    cp "$state/input" "$kept"
    echo "$1: the driver ended with status $2 on $kept" >&2
    tail -5 "$state/errors" >&2
    found=1
}

# try TARGET SECONDS CORPUS…
try() {
    local target=$1 seconds=$2 status=0
    shift 2
    "$FUZZ_DRIVER" "$target" "$seconds" "$SEED" "$state" "$@" 2>"$state/errors" || status=$?
    [ $status -eq 0 ] || keep "$target" $status
    return $status
}

[ $# -gt 0 ] || set -- template inventory yaml vault
for target in "$@"; do
    mapfile -t paths < <(corpus "$target")
    [ ${#paths[@]} -gt 0 ] || exit 2
    for finding in "$here/Findings/$target"/*; do
        [ ! -e "$finding" ] || try "$target" 0 "$finding" || true
    done
    [ "$SECONDS_EACH" -gt 0 ] || continue
    end=$((SECONDS + SECONDS_EACH))
    while left=$((end - SECONDS)) && [ $left -gt 0 ]; do
        try "$target" $left "${paths[@]}" && break
        # Past the input that was found.
        SEED=$((SEED + 1))
    done
done
exit $found

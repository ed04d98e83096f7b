#!/usr/bin/env bash
# Runs swiftprov against real hosts and looks at what came of it.
#
#   run.sh               every case
#   run.sh CASE...       some: a name, or a pattern such as 'error_*'
#   run.sh --list        their names
#
#   SWIFTPROV=PATH       the binary (by default .build/release/swiftprov)
#   KEEP=1               leave hosts and registry running, for a quick next time
#   VERBOSE=1            show the output of cases that pass too
#
# Ends with `N passed, N failed`, and exit status 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")"
# The test hosts need root: ask for it once, here, not in each script.
if [ "$(id -u)" -ne 0 ]; then
    exec sudo --preserve-env=SWIFTPROV,SWIFTPROV_TESTBED,SWIFTPROV_TESTBED_PYTHON,KEEP,VERBOSE,CI -- "$PWD/${0##*/}" "$@"
fi
. ./lib.sh
for file in cases-*.sh; do
    # shellcheck source=/dev/null
    . "./$file"
done

# The cases, in the order in which they are written.
mapfile -t all < <(grep -ho '^case_[a-z0-9_]*' cases-*.sh | sed 's/^case_//')
if [ "${1:-}" = --list ]; then
    printf '%s\n' "${all[@]}"
    exit 0
fi

chosen=()
for pattern in "${@:-*}"; do
    found=
    for name in "${all[@]}"; do
        # shellcheck disable=SC2053  # a pattern is meant
        if [[ $name == $pattern ]]; then
            chosen+=("$name")
            found=yes
        fi
    done
    [ -n "$found" ] || {
        echo "run.sh: no case is called $pattern; run.sh --list names them" >&2
        exit 5
    }
done

[ -x "$SWIFTPROV" ] || {
    echo "run.sh: $SWIFTPROV is missing: make build first, or set SWIFTPROV" >&2
    exit 5
}
SWIFTPROV=$(realpath "$SWIFTPROV")

# What the machine itself says in ~/.ssh or in ANSIBLE_… must not decide a test.
for name in $(compgen -e ANSIBLE_); do unset "$name"; done
unset SSH_AUTH_SOCK

WORK=$(mktemp -d /tmp/swiftprov-integration.XXXXXX)
# Journals of runs are kept where this run's files go.
export XDG_STATE_HOME=$WORK/state
finish() {
    rm -rf "$WORK"
    if [ -z "${KEEP:-}" ]; then
        "$TESTBED/registry.sh" down
        "$TESTBED/hosts.sh" down
    fi
}
trap finish EXIT
trap 'exit 130' INT TERM

missing=()
for name in jq curl; do command -v "$name" >/dev/null || missing+=("$name"); done
if [ ${#missing[@]} -gt 0 ]; then
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null; } || exit 1
fi

passed=0
failed=0
for name in "${chosen[@]}"; do
    began=$SECONDS
    # Not as a condition: bash would forget `set -e` inside it.
    (
        set -euo pipefail
        "case_$name"
    ) >"$WORK/log" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        printf 'ok %s (%ss)\n' "$name" $((SECONDS - began))
        [ -z "${VERBOSE:-}" ] || sed 's/^/    /' "$WORK/log"
    else
        failed=$((failed + 1))
        printf 'not ok %s (%ss)\n' "$name" $((SECONDS - began))
        sed 's/^/    /' "$WORK/log"
    fi
done

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# Applies a small playbook to a real sshd on the loopback address: `make demo`.
#
# Everything happens in a folder under /tmp that is gone at the end. The steps: foretell the
# changes (--check), make them, make them again (nothing left to change), repair a file spoilt by hand.
# Set SWIFTPROV to try another build.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${SWIFTPROV:=$PWD/.build/release/swiftprov}"
[ -x "$SWIFTPROV" ] || {
    echo "run.sh: $SWIFTPROV is missing: make build first, or set SWIFTPROV" >&2
    exit 1
}

folder=$(mktemp -d /tmp/swiftprov-demo.XXXXXX)
cleanup() {
    Tests/Testbed/sshd.sh down "$folder/ssh"
    rm -rf "$folder"
}
trap cleanup EXIT

step() { printf '\n=== %s\n\n' "$*"; }

apply() {
    printf '$ swiftprov apply -i Examples/demo/inventory.ini Examples/demo/site.yml %s\n' "$*"
    "$SWIFTPROV" apply -i Examples/demo/inventory.ini -e "demo_folder=$folder" "$@" Examples/demo/site.yml </dev/null
}

fail() {
    printf '\ndemo: %s\n' "$*" >&2
    exit 1
}

Tests/Testbed/sshd.sh up "$folder/ssh" 22201 22202
echo "An sshd of our own listens on 127.0.0.1:22201 (web01) and 127.0.0.1:22202 (web02)."

step "What would change? (--check --diff: nothing is written)"
apply --check --diff
[ ! -e "$folder/hosts" ] || fail "--check wrote something"

step "The first run makes the changes"
apply
cat "$folder/hosts/web01/etc/motd"

step "The second run finds nothing to do"
apply | tee "$folder/second"
[ "$(grep -Ec 'changed=0 ' "$folder/second")" -eq 2 ] || fail "the second run changed something"

step "Somebody edits a file; the next run repairs just that"
echo 'listen 81' >"$folder/hosts/web01/etc/website.conf"
apply --diff | tee "$folder/third"
grep -Eq '^web01 .*changed=1 ' "$folder/third" || fail "web01 should have one change"
grep -Eq '^web02 .*changed=0 ' "$folder/third" || fail "web02 should have no changes"

step "Done: two hosts configured over SSH, no Python involved"

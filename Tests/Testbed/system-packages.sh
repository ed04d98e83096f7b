#!/usr/bin/env bash
# Installs those Debian or Ubuntu packages that building and testing need and that are missing.
# Quick and quiet where nothing is missing; uses sudo where it is not run by root.
set -euo pipefail

packages=(
    # what swiftprov is built on
    libssh2-1-dev zlib1g-dev libyaml-dev libpcre2-dev libcrypt-dev libcurl4-openssl-dev pkg-config
    # what the unit tests and the demo talk to
    openssh-server openssh-client sudo opendoas rsync acl
    # what the test scripts call, and what checks them
    busybox-static ca-certificates curl shellcheck
)

missing=()
for name in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || missing+=("$name")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "These packages are missing, and there is no sudo to install them: ${missing[*]}" >&2
        exit 1
    }
    exec sudo -- "$0" "$@"
fi

echo "installing ${missing[*]}" >&2
log=$(mktemp)
policy=
cleanup() {
    [ -z "$policy" ] || rm -f /usr/sbin/policy-rc.d
    rm -f "$log"
}
trap cleanup EXIT
if [ ! -e /usr/sbin/policy-rc.d ]; then
    # openssh-server is wanted as a program: no sshd shall start to listen because of a test.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    policy=ours
fi
{ apt-get update -qq -o DPkg::Lock::Timeout=120 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing[@]}"; } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    exit 1
}

#!/usr/bin/env bash
# A shell on this machine to which every program is an applet of BusyBox, as on Alpine:
#
#   busybox.sh [ARGUMENT...]     what `sh` would be given
#
# It runs in a mount name space of its own: nothing of the machine is changed. Needs root and busybox-static.
set -euo pipefail
[ "$(id -u)" -eq 0 ] || exec sudo -- "$0" "$@"
[ -x /bin/busybox ] || {
    echo "busybox.sh: there is no /bin/busybox; install busybox-static" >&2
    exit 1
}
applets=/run/swiftprov-busybox
if [ ! -d "$applets" ]; then
    new=$(mktemp -d /run/swiftprov-busybox.XXXXXX)
    cp /bin/busybox "$new/busybox"
    "$new/busybox" --list | grep -vx busybox | while read -r name; do
        ln -sf busybox "$new/$name"
    done
    chmod 755 "$new"
    mv -T "$new" "$applets" 2>/dev/null || rm -rf "$new"
fi
# shellcheck disable=SC2016  # the inner shell fills these in
exec unshare --mount --propagation private "$applets/busybox" sh -c '
    applets=$1
    shift
    for folder in /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin; do
        $applets/busybox mount --bind "$applets" "$folder" || exit 1
    done
    PATH=/usr/bin
    export PATH
    exec sh "$@"' sh "$applets" "$@"

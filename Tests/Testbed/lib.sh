# shellcheck shell=bash
# shellcheck disable=SC2034  # the scripts that source this file use the variables
# Shared by the scripts of this folder; source it, don't run it.
#
# Everything the testbed makes lies under one state folder, so that `rm -rf` of it
# (after `down`) forgets all: keys, images, the engine's data, the registry's store.

: "${SWIFTPROV_TESTBED:=/var/tmp/swiftprov-testbed}"
STATE=$SWIFTPROV_TESTBED
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# 198.18.0.0/15 is reserved for benchmarks: no real machine is ever meant by it.
# Two testbeds on one machine need a state folder and a number each (SWIFTPROV_TESTBED_NUMBER, 0 to 255).
: "${SWIFTPROV_TESTBED_NUMBER:=0}"
BRIDGE=swiftprov$SWIFTPROV_TESTBED_NUMBER
BRIDGE_ADDRESS=198.18.$SWIFTPROV_TESTBED_NUMBER.1
BRIDGE_PREFIX=24
REGISTRY_PORT=5000
SUITE=bookworm

ENGINE=$STATE/engine
SOCKET=$ENGINE/docker.sock
ROOT=$STATE/root
CACHE=$STATE/cache
KEY=$STATE/id_ed25519
KNOWN_HOSTS=$STATE/known_hosts

say() { printf 'testbed: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# Runs the calling script again as root where it needs that.
need_root() {
    [ "$(id -u)" -eq 0 ] && return
    command -v sudo >/dev/null || die "root is needed, and there is no sudo"
    exec sudo --preserve-env=SWIFTPROV_TESTBED,SWIFTPROV_TESTBED_NUMBER,SWIFTPROV_TESTBED_PYTHON -- "$0" "$@"
}

# One script at a time changes the testbed: two test runs may start together.
# Whatever is started in the background must close file descriptor 9 (9>&-),
# or the lock would live as long as it does.
lock_state() {
    mkdir -p "$STATE"
    exec 9>"$STATE/lock"
    flock 9
}

# Installs those of the named Debian packages that are missing.
install_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    local policy=
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        # The packages' own services (dockerd, sshd …) must not start: the testbed runs its own.
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
        policy=ours
    fi
    local status=0
    apt_update_if_empty "${missing[0]}"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "${missing[@]}" >"$STATE/apt.log" 2>&1 9>&- || status=$?
    [ -n "$policy" ] && rm -f /usr/sbin/policy-rc.d
    [ "$status" -eq 0 ] || {
        tail -n 20 "$STATE/apt.log" >&2
        die "could not install ${missing[*]}"
    }
}

# Fresh machines have no package lists, and old lists name packages that are gone.
apt_update_if_empty() {
    if apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]' &&
        [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mmin -1440 -print -quit 2>/dev/null)" ]; then
        return
    fi
    apt-get update -qq -o DPkg::Lock::Timeout=120 9>&- || die "apt-get update failed"
}

# Is the process of this pid file alive, and is it the program we think it is?
# (A pid file survives a reboot; its number may belong to somebody else by then.)
alive() {
    local pid
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && grep -qs "$2" "/proc/$pid/comm" &&
        # Where process 1 is slow to collect its children, a dead one lingers as a zombie.
        ! grep -qs '^State:[[:space:]]*Z' "/proc/$pid/status"
}

# Ends the process of a pid file, and waits until it is gone.
end_process() {
    local pid_file=$1 name=$2 pid count=0
    if alive "$pid_file" "$name"; then
        pid=$(cat "$pid_file")
        kill "$pid" 2>/dev/null || true
        while alive "$pid_file" "$name" && [ "$count" -lt 150 ]; do
            sleep 0.1
            count=$((count + 1))
        done
        alive "$pid_file" "$name" && kill -9 "$pid" 2>/dev/null
    fi
    rm -f "$pid_file"
}

# Waits until a command succeeds: wait_until SECONDS COMMAND...
wait_until() {
    local limit=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -ge "$limit" ] && return 1
        sleep 0.2
    done
}

ensure_key() {
    [ -f "$KEY" ] || ssh-keygen -q -t ed25519 -N '' -C swiftprov-testbed -f "$KEY"
    # The password of the user `deploy`, who may use sudo only with it.
    [ -f "$STATE/deploy.password" ] || (umask 077 && head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$STATE/deploy.password")
}

# A bridge of our own: the engine's usual docker0 may belong to another engine here.
ensure_bridge() {
    ip link show "$BRIDGE" >/dev/null 2>&1 || ip link add "$BRIDGE" type bridge
    ip addr show dev "$BRIDGE" | grep "$BRIDGE_ADDRESS/" >/dev/null || ip addr add "$BRIDGE_ADDRESS/$BRIDGE_PREFIX" dev "$BRIDGE"
    ip link set "$BRIDGE" up
}

engine() { docker -H "unix://$SOCKET" "$@"; }

# The cgroup hierarchies that systemd wants may not be mounted on a minimal machine.
ensure_cgroups() {
    local controller
    [ -e /sys/fs/cgroup/cgroup.controllers ] && return
    mountpoint -q /sys/fs/cgroup || mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
    while read -r controller _; do
        case $controller in '#'*) continue ;; esac
        mkdir -p "/sys/fs/cgroup/$controller"
        mountpoint -q "/sys/fs/cgroup/$controller" ||
            mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" 2>/dev/null || rmdir "/sys/fs/cgroup/$controller" || true
    done </proc/cgroups
    mkdir -p /sys/fs/cgroup/systemd
    mountpoint -q /sys/fs/cgroup/systemd || mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
}

ensure_engine() {
    alive "$ENGINE/dockerd.pid" dockerd && engine version >/dev/null 2>&1 && return
    install_packages docker.io iptables iproute2
    mkdir -p "$ENGINE"
    ensure_cgroups
    ensure_bridge
    # A config file of our own: the machine's /etc/docker/daemon.json is not meant for this engine.
    echo '{}' >"$ENGINE/daemon.json"
    rm -f "$ENGINE/dockerd.pid"
    setsid dockerd --config-file "$ENGINE/daemon.json" --data-root "$ENGINE/data" --exec-root "$ENGINE/exec" \
        --pidfile "$ENGINE/dockerd.pid" --host "unix://$SOCKET" --bridge "$BRIDGE" \
        --storage-driver overlay2 --log-level warn >"$ENGINE/dockerd.log" 2>&1 </dev/null 9>&- &
    wait_until 60 engine version || {
        tail -n 20 "$ENGINE/dockerd.log" >&2
        die "dockerd does not answer"
    }
}

# The file system tree that the host image and the registry's images are made of.
ensure_root_tree() {
    local wanted
    wanted=$(cat "$HERE/host-image.sh" "$KEY.pub" "$STATE/deploy.password" | sha256sum | cut -c1-16)
    if [ "$(cat "$ROOT.key" 2>/dev/null)" != "$wanted" ]; then
        rm -f "$ROOT.key"
        "$HERE/host-image.sh" "$ROOT" 9>&- || die "the host image could not be built; see $STATE/image.log"
        echo "$wanted" >"$ROOT.key"
    fi
    ROOT_KEY=$wanted
}

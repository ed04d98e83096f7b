#!/usr/bin/env bash
# Real hosts for tests: containers that boot systemd and sshd, with no Python on them.
#
#   hosts.sh up NAME...        start hosts (those that run already stay as they are)
#   hosts.sh renew NAME...     remove hosts and start them afresh
#   hosts.sh down [NAME...]    remove hosts; without a name all of them and the engine too
#   hosts.sh address NAME      the host's address
#   hosts.sh run NAME CMD...   a command as root on a host, past SSH (to look or to break things)
#   hosts.sh restarts NAME always|no   whether a host that restarts itself comes back
#   hosts.sh pause|unpause NAME   freeze a host: it answers nothing any more
#   hosts.sh status
#
# With SWIFTPROV_TESTBED_PYTHON=1 `up` and `renew` start hosts that have Python too, for runs of
# ansible-playbook beside swiftprov's.
#
# In the state folder (SWIFTPROV_TESTBED, by default /var/tmp/swiftprov-testbed) afterwards:
#   id_ed25519        opens root, admin (sudo without a password), deploy (sudo with one), nosudo (none)
#   deploy.password   deploy's password
#   known_hosts       the hosts' keys
set -euo pipefail
. "$(dirname "$0")/lib.sh"

PREFIX=swiftprov-
# Everything that a container host needs of a real machine, short of --privileged: where the
# machine itself lacks CAP_SYS_RESOURCE, as many CI machines do, that flag fails.
# SYS_TIME is not among them: a host that sets its time zone would set the machine's clock.
CAPABILITIES="AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID
    IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE
    NET_BROADCAST NET_RAW SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_NICE SYS_PACCT
    SYS_PTRACE SYS_TTY_CONFIG WAKE_ALARM"

host_exists() { engine container inspect "$PREFIX$1" >/dev/null 2>&1; }
host_runs() { [ "$(engine container inspect -f '{{.State.Running}}' "$PREFIX$1" 2>/dev/null)" = true ]; }
host_address() {
    engine container inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$PREFIX$1" 2>/dev/null ||
        die "no host $1; start it with: $0 up $1"
}

ensure_image() {
    ensure_root_tree
    IMAGE=swiftprov-host:$ROOT_KEY
    engine image inspect "$IMAGE" >/dev/null 2>&1 && return
    say "importing the host image"
    tar -C "$ROOT" -c . | engine import - "$IMAGE" >/dev/null
}

# The same image with what Ansible's modules need, made by apt in a container of it.
ensure_python_image() {
    local base=$IMAGE maker=${PREFIX}image-maker
    IMAGE=swiftprov-host:$ROOT_KEY-python
    engine image inspect "$IMAGE" >/dev/null 2>&1 && return
    say "making the host image with Python"
    engine rm -f "$maker" >/dev/null 2>&1 || true
    engine run --name "$maker" --security-opt seccomp=unconfined "$base" \
        apt-get install -qq -y --no-install-recommends python3 python3-apt python3-requests >>"$STATE/image.log" 2>&1 ||
        die "Python could not be installed; see $STATE/image.log"
    engine commit "$maker" "$IMAGE" >/dev/null
    engine rm -f "$maker" >/dev/null
}

start_host() {
    local name=$1 options=() capability
    for capability in $CAPABILITIES; do options+=(--cap-add "$capability"); done
    # systemd wants /run to itself and the cgroup tree writable; a Docker Engine inside wants a
    # real file system under /var/lib/docker (overlay on overlay does not work).
    engine run --detach --name "$PREFIX$name" --hostname "$name" --label swiftprov.testbed=host \
        "${options[@]}" --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
        --cgroupns=host --tmpfs /run --tmpfs /run/lock --volume /sys/fs/cgroup:/sys/fs/cgroup:rw \
        --volume /var/lib/docker --stop-signal SIGRTMIN+3 --env container=docker \
        "$IMAGE" /sbin/init >/dev/null
}

# `running` is what we want; `degraded` is a host with a failed unit, good enough to answer but worth a word.
booted() {
    case $(engine exec "$PREFIX$1" systemctl is-system-running 2>/dev/null) in running | degraded) return 0 ;; esac
    return 1
}

answers() { (exec 3<>"/dev/tcp/$1/22" && IFS= read -r -t 2 line <&3 && [ "${line#SSH-}" != "$line" ]); }

wait_for_host() {
    local name=$1 address
    wait_until 90 booted "$name" || die "$name did not boot: $(engine exec "$PREFIX$name" systemctl list-jobs 2>&1 | head -n 5)"
    address=$(host_address "$name")
    wait_until 30 answers "$address" || die "$name: sshd does not answer at $address"
    engine exec "$PREFIX$name" systemctl is-system-running 2>/dev/null | grep -q degraded &&
        say "$name: failed units: $(engine exec "$PREFIX$name" systemctl --failed --plain --no-legend | cut -d' ' -f1 | tr '\n' ' ')"
    # The key comes past the network, from inside the host: nobody in between can forge it.
    touch "$KNOWN_HOSTS"
    ssh-keygen -q -R "$address" -f "$KNOWN_HOSTS" >/dev/null 2>&1 || true
    engine exec "$PREFIX$name" sh -c 'cat /etc/ssh/ssh_host_*_key.pub' | sed "s/^/$address /; s/ root@.*//" >>"$KNOWN_HOSTS"
    rm -f "$KNOWN_HOSTS.old"
    say "$name is up at $address"
}

up() {
    [ $# -gt 0 ] || die "name at least one host"
    lock_state
    install_packages docker.io iptables iproute2 openssh-client ca-certificates
    ensure_key
    ensure_engine
    ensure_image
    [ -z "${SWIFTPROV_TESTBED_PYTHON:-}" ] || ensure_python_image
    local name
    for name in "$@"; do
        host_runs "$name" && continue
        host_exists "$name" && engine rm -f -v "$PREFIX$name" >/dev/null
        start_host "$name"
    done
    for name in "$@"; do wait_for_host "$name"; done
}

remove() {
    alive "$ENGINE/dockerd.pid" dockerd || return 0
    local name
    for name in "$@"; do
        # -v, or the volume under /var/lib/docker would stay for ever.
        host_exists "$name" && engine rm -f -v "$PREFIX$name" >/dev/null
    done
    return 0
}

hosts() {
    alive "$ENGINE/dockerd.pid" dockerd || return 0
    engine ps -a --filter label=swiftprov.testbed=host --format '{{.Names}}' | sed "s/^$PREFIX//"
}

down() {
    lock_state
    if [ $# -gt 0 ]; then
        remove "$@"
        return
    fi
    # shellcheck disable=SC2046  # host names hold no blanks
    remove $(hosts)
    end_process "$ENGINE/dockerd.pid" dockerd
    # The registry's address hangs on the bridge too: it goes when the last user goes.
    if ! alive "$STATE/registry/registry.pid" docker-registry && ip link show "$BRIDGE" >/dev/null 2>&1; then
        ip link del "$BRIDGE"
    fi
    return 0
}

status() {
    if ! alive "$ENGINE/dockerd.pid" dockerd; then
        echo "no engine runs"
        return
    fi
    local name
    for name in $(hosts); do
        printf '%s %s %s\n' "$name" "$(host_address "$name")" "$(engine exec "$PREFIX$name" systemctl is-system-running 2>/dev/null || true)"
    done
}

need_root "$@"
command=${1:-}
[ $# -gt 0 ] && shift
case $command in
    up) up "$@" ;;
    renew)
        (lock_state && remove "$@")
        up "$@"
        ;;
    down) down "$@" ;;
    address) host_address "$1" ;;
    run)
        name=$1
        shift
        exec docker -H "unix://$SOCKET" exec -i "$PREFIX$name" "$@"
        ;;
    restarts) engine update --restart="$2" "$PREFIX$1" >/dev/null ;;
    pause | unpause) engine "$command" "$PREFIX$1" >/dev/null ;;
    status) status ;;
    *)
        sed -n '2,21s/^# \{0,1\}//p' "$0" >&2
        exit 5
        ;;
esac

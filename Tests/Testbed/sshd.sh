#!/usr/bin/env bash
# A throw-away sshd on the loopback address, for the demo and for tests that need no container.
#
#   sshd.sh up FOLDER PORT...   start it; it listens on 127.0.0.1 at each of the ports
#   sshd.sh down FOLDER         stop it
#
# All that it has lies in FOLDER: its configuration, host key, log and pid file, and for the
# clients id_ed25519 (which opens the account of the user who runs this) and known_hosts.
# The machine's own sshd and ~/.ssh are neither read nor changed.
set -euo pipefail

die() {
    printf 'sshd.sh: %s\n' "$*" >&2
    exit 1
}

alive() {
    local pid
    pid=$(cat "$1" 2>/dev/null) && grep -qs sshd "/proc/$pid/comm" && ! grep -qs '^State:[[:space:]]*Z' "/proc/$pid/status"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1" && IFS= read -r -t 2 line <&3 && [ "${line#SSH-}" != "$line" ]) 2>/dev/null; }

# With UsePAM off sshd refuses accounts whose password is locked by a "!"; PAM lets them in by key.
# (Only root may ask, and only root's sshd may use PAM.)
use_pam() {
    if [ "$(id -u)" -eq 0 ] && getent shadow "$(id -un)" | cut -d: -f2 | grep -q '^!'; then echo yes; else echo no; fi
}

up() {
    local folder port program count
    [ $# -ge 2 ] || die "up needs a folder and at least one port"
    mkdir -p "$1"
    folder=$(cd "$1" && pwd)
    shift
    chmod 700 "$folder"
    alive "$folder/sshd.pid" && return
    program=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) || die "sshd is missing: install openssh-server"
    [ -f "$folder/host_key" ] || ssh-keygen -q -t ed25519 -N '' -C swiftprov-sshd -f "$folder/host_key"
    [ -f "$folder/id_ed25519" ] || ssh-keygen -q -t ed25519 -N '' -C swiftprov-sshd -f "$folder/id_ed25519"
    cp "$folder/id_ed25519.pub" "$folder/authorized_keys"
    : >"$folder/known_hosts"
    {
        for port in "$@"; do
            echo "ListenAddress 127.0.0.1:$port"
            echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$folder/host_key.pub")" >>"$folder/known_hosts"
        done
        cat <<CONFIG
HostKey $folder/host_key
PidFile $folder/sshd.pid
AuthorizedKeysFile $folder/authorized_keys
# The folder may lie under /tmp, which anyone may write to.
StrictModes no
UsePAM $(use_pam)
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UseDNS no
MaxStartups 500
MaxSessions 64
PrintMotd no
Subsystem sftp internal-sftp
CONFIG
    } >"$folder/sshd_config"
    # sshd wants its empty folder, which a machine without a running sshd service may lack.
    [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
    "$program" -f "$folder/sshd_config" -E "$folder/sshd.log" || {
        tail -n 5 "$folder/sshd.log" >&2
        die "sshd does not start"
    }
    for port in "$@"; do
        count=0
        until answers "$port"; do
            count=$((count + 1))
            [ "$count" -lt 50 ] || die "sshd does not answer on port $port: $(tail -n 2 "$folder/sshd.log")"
            sleep 0.1
        done
    done
}

down() {
    local pid_file=$1/sshd.pid count=0 pid
    alive "$pid_file" || return 0
    pid=$(cat "$pid_file")
    kill "$pid"
    while alive "$pid_file" && [ "$count" -lt 50 ]; do
        count=$((count + 1))
        sleep 0.1
    done
    rm -f "$pid_file"
}

command=${1:-}
[ $# -gt 0 ] && shift
case $command in
    up) up "$@" ;;
    down) down "${1:?folder}" ;;
    *)
        sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
        exit 5
        ;;
esac

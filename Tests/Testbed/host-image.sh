#!/usr/bin/env bash
# Makes the file system tree of a test host: host-image.sh FOLDER
#
# Debian 12 with systemd, sshd, sudo and no Python. Called by hosts.sh and registry.sh;
# the tree is made anew whenever this script changes (its checksum is the cache's key).
set -euo pipefail
. "$(dirname "$0")/lib.sh"

root=$1
log=$STATE/image.log
: >"$log"

install_packages mmdebstrap openssh-client ca-certificates

# What the test hosts' apt may ask is what this machine's apt may ask: its own sources,
# keys and proxy settings, where they fit the suite.
suite_here=$(. /etc/os-release && echo "${ID:-}-${VERSION_CODENAME:-}")
# shellcheck disable=SC2016  # apt fills these in
mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "main" && $3 !~ /security/ {print $3; exit}')

packages=systemd,systemd-sysv,dbus,openssh-server,sudo,iproute2,procps,ca-certificates,cron
options=(--mode=root --variant=minbase --format=directory --skip=check/empty --include="$packages"
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' --aptopt='Acquire::GzipIndexes "true"'
    # Speed, not safety: a test host that loses power is thrown away.
    --dpkgopt=force-unsafe-io
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*'
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*')

say "building the host image (about half a minute)"
rm -rf "$root"
if [ "$suite_here" = "debian-$SUITE" ]; then
    # Without a mirror's name mmdebstrap takes this machine's own sources.
    mmdebstrap "${options[@]}" "$SUITE" "$root" >>"$log" 2>&1
    rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
    cp -a /etc/apt/sources.list.d "$root/etc/apt/"
    [ -f /etc/apt/sources.list ] && cp -a /etc/apt/sources.list "$root/etc/apt/"
    # Third parties' repositories of this machine are no use to the hosts, and their keys may be missing there.
    for file in "$root"/etc/apt/sources.list.d/*; do
        [ -f "$file" ] && ! grep -q debian "$file" && rm -f "$file"
    done
else
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -f "$keyring" ] || install_packages debian-archive-keyring
    mmdebstrap "${options[@]}" --keyring="$keyring" "$SUITE" "$root" ${mirror:+"$mirror"} >>"$log" 2>&1
fi
# Proxies and date checks, but not what cleans apt's cache behind our back.
apt-config dump | grep -E '^Acquire::(http|https|ftp|Check|Retries)' |
    grep -v '""' >"$root/etc/apt/apt.conf.d/90machine" || true
# Certificates that this machine trusts on top, for a proxy or a mirror by https.
cp -a /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
[ -d /usr/local/share/ca-certificates ] && cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"

# Docker's packages wait in apt's cache, so that a run unpacks them instead of fetching them.
{
    chroot "$root" apt-get update -qq
    chroot "$root" apt-get install -qq -y --download-only docker.io
} >>"$log" 2>&1

# --- people -----------------------------------------------------------------------------
for user in admin deploy nosudo; do
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
    install -d -m 700 "$root/home/$user/.ssh"
    install -m 600 "$KEY.pub" "$root/home/$user/.ssh/authorized_keys"
    chroot "$root" chown -R "$user:$user" "/home/$user/.ssh"
done
install -d -m 700 "$root/root/.ssh"
install -m 600 "$KEY.pub" "$root/root/.ssh/authorized_keys"
printf 'deploy:%s\n' "$(cat "$STATE/deploy.password")" | chroot "$root" chpasswd
printf 'nosudo:%s\n' "$(cat "$STATE/deploy.password")" | chroot "$root" chpasswd
cat >"$root/etc/sudoers.d/testbed" <<'SUDOERS'
admin ALL=(ALL:ALL) NOPASSWD: ALL
deploy ALL=(ALL:ALL) ALL
# Ask every time: a remembered password would hide a wrong one.
Defaults:deploy timestamp_timeout=0
SUDOERS
chmod 440 "$root/etc/sudoers.d/testbed"

# --- services ---------------------------------------------------------------------------
# Every host has host keys of its own, made at its first start.
rm -f "$root"/etc/ssh/ssh_host_*
cat >"$root/etc/systemd/system/ssh-host-keys.service" <<'UNIT'
[Unit]
Description=Make this host's SSH keys
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
ExecStart=/usr/bin/ssh-keygen -q -t ecdsa -N "" -f /etc/ssh/ssh_host_ecdsa_key
[Install]
WantedBy=multi-user.target
UNIT
chroot "$root" systemctl enable ssh-host-keys.service >>"$log" 2>&1
# Unit files that make no sense here, or that take apt's lock at a random moment.
chroot "$root" systemctl mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer \
    getty.target console-getty.service systemd-timesyncd.service systemd-networkd-wait-online.service >>"$log" 2>&1
rm -f "$root/etc/machine-id"
: >"$root/etc/machine-id"

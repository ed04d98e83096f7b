import Target

/// The snippet that reads what facts are made of: names and values, each ended by a zero byte.
///
/// It parses as little as it can; that is done here, where it can be tested.
enum SetupScripts {
    /// `$1` the families wanted, `$2` the directory of the host's own facts, `$3` seconds a file system may take.
    static let all: Script = #"""
        put() { printf '%s\0%s\0' "$1" "$2"; }
        file() { if [ -r "$2" ]; then put "$1" "$(cat "$2" 2>/dev/null)"; fi; }
        have() { command -v "$1" >/dev/null 2>&1; }
        limit=
        have timeout && limit="timeout $3"

        case " $1 " in *' platform '*)
            file os-release /etc/os-release
            file debian_version /etc/debian_version
            file redhat-release /etc/redhat-release
            file alpine-release /etc/alpine-release
            put uname "$(uname -s; uname -n; uname -r; uname -v; uname -m)"
            put fqdn "$(hostname -f 2>/dev/null)"
            put hostname "$(hostname 2>/dev/null)"
            put date "$(date '+%Y|%m|%d|%H|%M|%S|%s|%N|%z|%Z|%A|%w|%V|%W')"
            put dateutc "$(date -u '+%Y-%m-%dT%H:%M:%S')"
            put user "$(id -u; id -g; id -un; id -ru; id -rg)"
            put passwd "$(if have getent; then getent passwd "$(id -un)"; else grep "^$(id -un):" /etc/passwd; fi)"
            file machine_id /etc/machine-id
            [ -r /etc/machine-id ] || file machine_id /var/lib/dbus/machine-id
            file cmdline /proc/cmdline
            file loadavg /proc/loadavg
            file fips /proc/sys/crypto/fips_enabled
            file resolv /etc/resolv.conf
            file init /proc/1/comm
            [ -d /run/systemd/system ] && put systemd 1
            [ -L /sbin/init ] && put initlink "$(readlink /sbin/init)"
            have openrc-run && put openrc 1
            managers=
            for manager in apt-get dnf5 dnf microdnf yum zypper apk pacman xbps-install emerge pkg; do
                have $manager && managers="$managers $manager"
            done
            [ -d /run/ostree-booted ] || [ -e /run/ostree-booted ] && managers="$managers ostree"
            put managers "$managers"
            have python3 && put python "$(readlink -f "$(command -v python3)"; python3 -V 2>&1)"
            if have lsb_release; then put lsb "$(lsb_release -a 2>/dev/null)"; else file lsb-release /etc/lsb-release; fi
            [ -d /sys/kernel/security/apparmor ] && put apparmor 1
            have capsh && put capsh "$(capsh --print 2>/dev/null | grep '^Current:')"
            [ -d /run/systemd/system ] && put systemdversion "$(systemctl --version 2>/dev/null)"
            [ -e /sys/fs/selinux/enforce ] && file enforce /sys/fs/selinux/enforce
            file selinux-config /etc/selinux/config
            have getconf && put bits "$(getconf LONG_BIT)"
            put chroot "$(stat -c '%d:%i' / 2>/dev/null) $(stat -c '%d:%i' /proc/1/root/. 2>/dev/null)"
            for kind in dsa rsa ecdsa ed25519; do
                for place in /etc/ssh /etc/openssh /etc; do
                    if [ -r $place/ssh_host_${kind}_key.pub ]; then
                        read -r type key rest <$place/ssh_host_${kind}_key.pub
                        put +sshkey "$kind $type $key"
                        break
                    fi
                done
            done
            ;;
        esac

        case " $1 " in *' local '*)
            if [ -d "$2" ]; then
                for fact in "$2"/*.fact; do
                    [ -f "$fact" ] || continue
                    if [ -x "$fact" ]; then
                        if text=$($limit "$fact" 2>&1 </dev/null); then put +fact "$fact
        $text"; else put +factfail "$fact
        $?
        $text"; fi
                    elif [ -r "$fact" ]; then
                        put +fact "$fact
        $(cat "$fact")"
                    fi
                done
            fi
            ;;
        esac

        case " $1 " in *' hardware '*)
            file cpuinfo /proc/cpuinfo
            file meminfo /proc/meminfo
            file uptime /proc/uptime
            put nproc "$(nproc 2>/dev/null)"
            [ -e /proc/xen ] && put xen 1
            for item in bios_date bios_vendor bios_version board_asset_tag board_name board_serial board_vendor \
                board_version chassis_asset_tag chassis_serial chassis_vendor chassis_version chassis_type \
                product_name product_serial product_uuid product_version sys_vendor; do
                [ -r /sys/devices/virtual/dmi/id/$item ] && file dmi_$item /sys/devices/virtual/dmi/id/$item
            done
            links=
            if [ -d /dev/disk/by-uuid ]; then
                for link in /dev/disk/by-uuid/*; do
                    [ -L "$link" ] && links="$links$(readlink -f "$link") ${link##*/}
        "
                done
            fi
            put uuids "$links"
            links=
            for pair in id=ids uuid=uuids label=labels; do
                for link in /dev/disk/by-"${pair%=*}"/*; do
                    [ -L "$link" ] || continue
                    target=$(readlink -f "$link")
                    links="$links${pair#*=} ${target##*/} ${link##*/}
        "
                done
            done
            # What holds a device: device mapper's own names for its numbers.
            holders() {
                for holder in "$1"/holders/*; do
                    [ -e "$holder" ] || continue
                    case ${holder##*/} in
                    dm-*) printf '%s ' "$(cat "/sys/block/${holder##*/}/dm/name" 2>/dev/null)" ;;
                    *) printf '%s ' "${holder##*/}" ;;
                    esac
                done
            }
            for place in /sys/block/*; do
                [ -d "$place" ] || continue
                device=${place##*/}
                for slave in "$place"/slaves/*; do
                    [ -e "$slave" ] && links="${links}masters ${slave##*/} $device
        "
                done
                fields=$device
                for item in removable queue/discard_granularity queue/rotational queue/scheduler \
                    queue/logical_block_size size device/vendor device/model; do
                    value=
                    [ -r "$place/$item" ] && IFS= read -r value 2>/dev/null <"$place/$item"
                    fields="$fields
        $value"
                done
                put +device "$fields
        $(holders "$place")"
                for part in "$place/$device"*; do
                    [ -r "$part/start" ] || continue
                    put +partition "$device
        ${part##*/}
        $(cat "$part/start")
        $(cat "$part/size")
        $(holders "$part")"
                done
            done
            put devicelinks "$links"
            if have vgs && have lvs && have pvs && [ "$(id -u)" = 0 ]; then
                put lvm "$(
                    for tool in vgs lvs pvs; do
                        echo $tool
                        $tool --noheadings --nosuffix --units g --separator , 2>/dev/null
                    done
                )"
            fi
            file iscsi /etc/iscsi/initiatorname.iscsi
            file hostnqn /etc/nvme/hostnqn
            put fibre "$(cat /sys/class/fc_host/*/port_name 2>/dev/null)"
            # Mounts of something below a file system's top.
            put binds "$(while read -r id parent numbers root place rest; do
                [ "$root" = / ] || printf '%b\n' "$(printf '%s' "$place" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')"
            done </proc/self/mountinfo)"
            while read -r device place type options dump pass; do
                case $device in /* | *:/* | *@*) ;; *) [ "$type" = zfs ] || [ "$type" = fuse.sshfs ] || continue ;; esac
                [ "$type" = none ] && continue
                # The kernel writes blanks and backslashes as octal numbers.
                path=$(printf '%b' "$(printf '%s' "$place" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')")
                put +mount "$device
        $path
        $type
        $options
        $($limit stat -f -c '%S %b %a %c %d' -- "$path" 2>/dev/null)"
            done </proc/mounts
            ;;
        esac

        case " $1 " in *' network '*)
            if have ip; then
                put addresses "$(ip -o addr show 2>/dev/null)"
                put localroutes "$(ip -4 route show table local 2>/dev/null)"
                put route4 "$(ip -4 route get 8.8.8.8 2>/dev/null)"
                put route6 "$(ip -6 route get 2404:6800:400a:800::1012 2>/dev/null)"
            else
                put bareaddresses "$(hostname -I 2>/dev/null || hostname -i 2>/dev/null)"
            fi
            for place in /sys/class/net/*; do
                [ -d "$place" ] || continue
                attributes=
                for item in address mtu type flags speed; do
                    value=
                    [ -r "$place/$item" ] && IFS= read -r value 2>/dev/null <"$place/$item"
                    attributes="$attributes$value|"
                done
                state=0
                case $(ip -o link show dev "${place##*/}" 2>/dev/null) in *[\<,]UP[,\>]*) state=1 ;; esac
                kind=
                [ -d "$place/bridge" ] && kind=bridge
                [ -d "$place/bonding" ] && kind=bonding
                driver=
                [ -L "$place/device/driver/module" ] && driver=$(readlink "$place/device/driver/module")
                put +interface "${place##*/}|$attributes$state|$kind|${driver##*/}|$(ls "$place/brif" 2>/dev/null | tr '\n' ' ')"
            done
            ;;
        esac

        case " $1 " in *' virtual '*)
            have systemd-detect-virt && put virt "$(systemd-detect-virt -c) $(systemd-detect-virt -v)"
            [ -e /.dockerenv ] || [ -e /.dockerinit ] && put dockerenv 1
            [ -e /run/.containerenv ] && put containerenv 1
            put container "$(tr '\0' '\n' </proc/1/environ 2>/dev/null | sed -n 's/^container=//p')"
            file cgroup /proc/1/cgroup
            for item in product_name sys_vendor bios_vendor product_family; do
                [ -r /sys/devices/virtual/dmi/id/$item ] && file vdmi_$item /sys/devices/virtual/dmi/id/$item
            done
            grep -q '^flags.* hypervisor' /proc/cpuinfo 2>/dev/null && put hypervisor 1
            put modules "$(cut -d' ' -f1 /proc/modules 2>/dev/null)"
            file hypervisor_type /sys/hypervisor/type
            [ -e /dev/kvm ] && put kvm 1
            [ -d /proc/vz ] && put openvz 1
            ;;
        esac

        case " $1 " in *' platform '*)
            printf 'environment\0'
            cat /proc/self/environ 2>/dev/null
            ;;
        esac
        exit 0
        """#
}

# shellcheck shell=bash
# shellcheck disable=SC2154  # lib.sh and run.sh set the variables
# Hosts that go away and come back within a run.

restart_inventory() {
    mkdir -p "$WORK/restart"
    cat >"$WORK/restart/hosts.ini" <<END
r1 ansible_host=$(address r1) ansible_user=root ansible_ssh_private_key_file=$KEY
[all:vars]
ansible_ssh_common_args=-o UserKnownHostsFile=$KNOWN_HOSTS
END
}

case_restart() {
    fresh_hosts r1
    # What restarts a machine ends a container; the engine then starts it again.
    restarts r1 always
    restart_inventory
    cd "$WORK/restart" || exit
    # A container's kernel goes on, so its first process tells one start from another.
    cat >site.yml <<'END'
- hosts: r1
  gather_facts: false
  tasks:
    - name: leave a mark that a restart wipes out
      ansible.builtin.command: touch /run/mark
    - name: restart
      ansible.builtin.reboot:
        boot_time_command: cut -d' ' -f22 /proc/1/stat
        test_command: systemctl is-system-running --wait || true
        reboot_timeout: 60
      register: restart
    - name: the mark is gone
      ansible.builtin.stat: {path: /run/mark}
      register: mark
    - ansible.builtin.assert:
        that:
          - restart is changed
          - restart.rebooted
          - not mark.stat.exists
    - name: wait for a host that is there
      ansible.builtin.wait_for_connection:
        timeout: 30
      register: there
    - name: and for one whose connection was lost
      ansible.builtin.wait_for_connection:
        delay: 1
        timeout: 30
      register: back
    - ansible.builtin.assert:
        that: [there is not changed, back.elapsed >= 1]
END
    apply 0 -i hosts.ini site.yml --check
    says 'restart the host|r1 *: ok'
    on r1 test ! -e /run/mark || fail "a dry run left a mark"
    apply 0 -i hosts.ini site.yml
    says 'failed=0'
    restarts r1 no
}

case_restart_refused() {
    printf 'c ansible_connection=local\n' >"$WORK/local.ini"
    printf -- '- hosts: c\n  gather_facts: false\n  tasks: [reboot: {}]\n' >"$WORK/local.yml"
    apply 2 -i "$WORK/local.ini" "$WORK/local.yml"
    says 'would restart the machine that swiftprov runs on'
}

# shellcheck shell=bash
# shellcheck disable=SC2154  # lib.sh and run.sh set the variables
# Modules that are files, on hosts without Python: scripts run, as whoever the task says; Python says what it lacks.

case_custom_script() {
    new_project admin
    mkdir library
    cat >library/keep.sh <<'SH'
#!/bin/sh
# WANT_JSON; knows of _ansible_check_mode
value() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "$arguments"; }
arguments=$1
text=$(value text)
path=$(value path)
[ "$(cat "$path" 2>/dev/null)" = "$text" ] && exec echo '{"changed": false}'
case $(cat "$1") in
*'"_ansible_check_mode": false'*) printf '%s\n' "$text" >"$path" || exit ;;
esac
echo "{\"changed\": true, \"who\": \"$(id -un)\", \"mode\": \"$(stat -c %a "$1")\"}"
SH
    cat >keep.yml <<'YAML'
- hosts: all
  gather_facts: false
  become: true
  vars: {secret: open sesame}
  tasks:
    - name: Keep as root
      keep: {path: /etc/kept, text: "{{ secret }}"}
      register: kept
    - name: Keep as another
      keep: {path: /tmp/kept-too, text: two words}
      become_user: nosudo
    - name: See how it ran
      ansible.builtin.assert:
        that: kept is not changed or ansible_check_mode or (kept.who == 'root' and kept.mode == '600')
    - name: See what is left
      ansible.builtin.shell: ls -d /tmp/.swiftprov-*/run-* 2>/dev/null; true
      register: left
      changed_when: false
      failed_when: left.stdout != ''
YAML
    foretold_is_done -i hosts.ini keep.yml
    [ "$(on h3 cat /etc/kept)" = "open sesame" ] || fail "nothing was kept"
    [ "$(on h3 stat -c %U /tmp/kept-too)" = nosudo ] || fail "the other user did not write"
    apply 0 -i hosts.ini keep.yml
    nothing_changed
    on h3 rm /etc/kept /tmp/kept-too
    on h4 rm /etc/kept /tmp/kept-too
}

# As much of ansible-core as it takes to be sent.
case_custom_python_missing() {
    new_project admin
    mkdir -p library installed/ansible/module_utils
    echo 'class AnsibleModule: pass' >installed/ansible/module_utils/basic.py
    echo 'from ansible.module_utils.basic import AnsibleModule' >library/mine.py
    printf -- '- hosts: all\n  gather_facts: false\n  tasks:\n    - mine:\n' >mine.yml
    SWIFTPROV_ANSIBLE=$PWD/installed apply 2 -i hosts.ini mine.yml
    says 'the host has no Python' 'ansible_python_interpreter'
    SWIFTPROV_ANSIBLE=$PWD/nowhere apply 4 -i hosts.ini mine.yml
    says 'mine.yml:4:7: error: .*needs ansible-core' 'SWIFTPROV_ANSIBLE'
}

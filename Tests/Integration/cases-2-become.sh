# shellcheck shell=bash
# shellcheck disable=SC2154  # lib.sh and run.sh set the variables
# Becoming somebody else with sudo: without a password, with one, and as another user than root.

who_am_i() {
    cat >who.yml <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - name: Ask without become
      ansible.builtin.command: id -un
      register: plain
      changed_when: false
    - name: Ask with become
      ansible.builtin.command: id -un
      become: true
      register: root
      changed_when: false
    - name: Ask as another user
      ansible.builtin.shell: id -un; echo "$HOME"
      become: true
      become_user: nosudo
      register: other
      changed_when: false
    - name: Write as root
      ansible.builtin.copy:
        content: "written by {{ root.stdout }}\n"
        dest: /etc/become-test
        mode: "0600"
      become: true
    - name: Compare
      ansible.builtin.assert:
        that:
          - plain.stdout == ansible_user
          - root.stdout == 'root'
          - other.stdout_lines[0] == 'nosudo'
YAML
}

case_become_without_password() {
    new_project admin
    who_am_i
    apply 0 -i hosts.ini who.yml
    [ "$(on h3 cat /etc/become-test)" = "written by root" ] || fail "root wrote nothing"
    on h3 rm /etc/become-test
    on h4 rm /etc/become-test
}

case_become_with_password() {
    new_project deploy
    who_am_i
    cp "$SWIFTPROV_TESTBED/deploy.password" password
    apply 0 -i hosts.ini who.yml --become-password-file password
    says_not "$(cat password)"
    [ "$(on h3 stat -c '%U %a' /etc/become-test)" = "root 600" ] || fail "the file has the wrong owner or mode"
    on h3 rm /etc/become-test
    on h4 rm /etc/become-test
}

# The run's own shell as a user must not stand in the way of removing the account.
case_become_user_removed() {
    new_project admin
    cat >leave.yml <<'YAML'
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Make a user
      ansible.builtin.user:
        name: passing
    - name: Work as that user
      ansible.builtin.command: id -un
      become_user: passing
      register: worked
    - name: Remove the user
      ansible.builtin.user:
        name: passing
        state: absent
        remove: true
    - name: Make the user again
      ansible.builtin.user:
        name: passing
    - name: Work as the new one
      ansible.builtin.command: id -un
      become_user: passing
      register: again
    - name: Remove the user again
      ansible.builtin.user:
        name: passing
        state: absent
        remove: true
    - name: Compare
      ansible.builtin.assert:
        that: worked.stdout == 'passing' and again.stdout == 'passing'
YAML
    apply 0 -i hosts.ini leave.yml
    on h3 getent passwd passing && fail "the user is still there"
    return 0
}

case_become_password_in_inventory() {
    new_project deploy
    who_am_i
    printf '\n[all:vars]\nansible_become_password=%s\n' "$(cat "$SWIFTPROV_TESTBED/deploy.password")" >>hosts.ini
    apply 0 -i hosts.ini who.yml -vvvv
    says_not "$(cat "$SWIFTPROV_TESTBED/deploy.password")"
    on h3 rm /etc/become-test
    on h4 rm /etc/become-test
}

# The whole site under a user whose sudo asks for a password.
case_become_site_with_password() {
    need_deployed_site
    new_site deploy
    apply 0 "${SITE[@]}" --become-password-file "$SWIFTPROV_TESTBED/deploy.password"
    nothing_changed
    new_site
}

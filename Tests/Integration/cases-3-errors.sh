# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016  # lib.sh and run.sh set the variables; hosts' shells fill in what is in single quotes
# Bad input and trouble. Each case looks at the exit status (4 input that cannot be read or a host that
# cannot be reached, 2 a host that failed, 5 wrong options), at the text (the place and a remedy), and at
# the other host, which must go on.

# The play of most cases: something happens on h3, and h4 must reach the last task all the same.
# `play` reads the tasks of the case, and adds the last one.
play() {
    {
        printf -- '- hosts: all\n  gather_facts: false\n  tasks:\n'
        cat
        cat <<'YAML'
    - name: Go on
      ansible.builtin.debug:
        msg: still here
YAML
    } >play.yml
}

# `debug` needs no connection, so somebody has to ask for one.
REACH='    - name: Reach the host
      ansible.builtin.ping:'

h4_went_on() { task_is h4 'Go on' ok; }

# no_host_touched: nothing was asked of any host.
no_host_touched() {
    [ ! -s "$REPORT" ] || ! jq -e 'select(.event == "result")' "$REPORT" >/dev/null || fail "tasks ran in spite of the error"
}

# --- input ---------------------------------------------------------------------------------

case_error_options() {
    new_project
    apply 5 -i hosts.ini --no-such-option play.yml
    says 'no-such-option'
}

case_error_missing_playbook() {
    new_project
    apply 4 -i hosts.ini missing.yml
    says 'missing\.yml'
}

case_error_yaml() {
    new_project
    cat >play.yml <<'YAML'
- hosts: all
  tasks:
    - name: Indented wrongly
      ansible.builtin.debug:
        msg: "no end
    - name: Next
YAML
    apply 4 -i hosts.ini play.yml
    says 'play\.yml:[0-9]+:[0-9]+: error' 'help:'
    no_host_touched
}

case_error_unknown_module() {
    new_project
    play <<'YAML'
    - name: Misspelt
      ansible.builtin.coppy:
        dest: /etc/x
YAML
    apply 4 -i hosts.ini play.yml
    says 'play\.yml:5:[0-9]+: error' 'coppy' "copy"
    no_host_touched
}

case_error_unknown_argument() {
    new_project
    play <<'YAML'
    - name: Misspelt
      ansible.builtin.file:
        path: /etc/x
        mod: "0644"
YAML
    apply 4 -i hosts.ini play.yml
    says 'play\.yml:7:[0-9]+: error' "mod" "mode"
    no_host_touched
}

case_error_missing_argument() {
    new_project
    play <<'YAML'
    - name: Nameless
      community.docker.docker_container:
YAML
    apply 4 -i hosts.ini play.yml
    says 'play\.yml:[45]:[0-9]+: error' "name"
    no_host_touched
}

case_error_wrong_type() {
    new_project
    play <<'YAML'
    - name: Not a number
      ansible.builtin.wait_for:
        port: eighty
YAML
    apply 4 -i hosts.ini play.yml
    says 'play\.yml:6:[0-9]+: error' "eighty" 'int|number'
    no_host_touched
}

# Every error of a file is named, not the first one only.
case_error_all_at_once() {
    new_project
    play <<'YAML'
    - name: One
      ansible.builtin.coppy:
        dest: /etc/x
    - name: Two
      ansible.builtin.file:
        pth: /etc/x
    - name: Three
      ansible.builtin.debug:
        msg: fine
      wen: true
YAML
    apply 4 -i hosts.ini play.yml --syntax-check
    says 'play\.yml:5:[0-9]+: error' 'play\.yml:9:[0-9]+: error' 'play\.yml:13:[0-9]+: error'
}

case_error_undefined_variable() {
    new_project
    sed -i '/^h4 /s/$/ defined_on_h4=yes/' hosts.ini
    play <<'YAML'
    - name: Use it
      ansible.builtin.debug:
        msg: "{{ defined_on_h4 }}"
YAML
    apply 2 -i hosts.ini play.yml
    says 'play\.yml:6:[0-9]+' 'defined_on_h4' 'undefined|not defined'
    task_is h3 'Use it' failed
    h4_went_on
}

case_error_missing_role() {
    new_project
    printf -- '- hosts: all\n  roles:\n    - absent_role\n' >play.yml
    apply 4 -i hosts.ini play.yml
    says 'play\.yml:3:[0-9]+: error' 'absent_role' 'roles'
    no_host_touched
}

case_error_missing_template() {
    new_project
    play <<'YAML'
    - name: Where is it
      ansible.builtin.template:
        src: "{{ inventory_hostname }}.j2"
        dest: /tmp/never
YAML
    mkdir templates
    echo fine >templates/h4.j2
    apply 2 -i hosts.ini play.yml --check
    says 'h3\.j2' 'play\.yml:6'
    task_is h3 'Where is it' failed
    h4_went_on
}

case_error_vault_password() {
    new_site
    echo wrong >vault-password
    apply 4 "${SITE[@]}" --check
    says 'secrets\.yml' 'password' 'help:'
    no_host_touched
    apply 4 -i inventory/test.ini playbooks/site.yml --syntax-check
    says 'secrets\.yml' '--vault-password-file|--ask-vault-pass'
}

# --- the way to the host ---------------------------------------------------------------------

case_error_unreachable() {
    new_project
    # An address of the testbed's network that nobody has.
    sed -i '/^h3 /s/ansible_host=[0-9.]*/ansible_host=198.18.0.251/' hosts.ini
    play <<<"$REACH"
    apply 4 -i hosts.ini play.yml --timeout 5
    says '198\.18\.0\.251' 'unreachable' 'help:'
    results unreachable | grep -q '^h3 ' || fail "h3 is not reported unreachable"
    h4_went_on
}

case_error_connection_refused() {
    new_project
    sed -i '/^h3 /s/$/ ansible_port=2222/' hosts.ini
    play <<<"$REACH"
    apply 4 -i hosts.ini play.yml
    says '2222' 'refused' 'help:'
    h4_went_on
}

case_error_refused_key() {
    new_project
    ssh-keygen -q -t ed25519 -N '' -f other_key
    sed -i "/^h3 /s|ansible_ssh_private_key_file=[^ ]*|ansible_ssh_private_key_file=$PWD/other_key|" hosts.ini
    play <<<"$REACH"
    apply 4 -i hosts.ini play.yml
    says 'admin' 'other_key' 'refused|denied|not accept' 'help:'
    h4_went_on
}

case_error_changed_host_key() {
    new_project
    ssh-keygen -q -t ed25519 -N '' -f not_the_hosts
    cp "$KNOWN_HOSTS" known_hosts
    sed -i "/^$(address h3) /d" known_hosts
    echo "$(address h3) $(cut -d' ' -f1,2 not_the_hosts.pub)" >>known_hosts
    sed -i "s|UserKnownHostsFile=[^\"]*|UserKnownHostsFile=$PWD/known_hosts|" hosts.ini
    play <<<"$REACH"
    apply 4 -i hosts.ini play.yml
    says 'known_hosts' 'host key' 'ssh-keygen -R'
    h4_went_on
}

case_error_unknown_host_key() {
    new_project
    sed "/^$(address h3) /d" "$KNOWN_HOSTS" >known_hosts
    cp known_hosts known_hosts.before
    sed -i "s|UserKnownHostsFile=[^\"]*|UserKnownHostsFile=$PWD/known_hosts|" hosts.ini
    play <<<"$REACH"
    apply 4 -i hosts.ini play.yml
    says 'known_hosts' 'help:'
    h4_went_on
    same known_hosts known_hosts.before known_hosts
}

# --- sudo --------------------------------------------------------------------------------------

becoming() {
    play <<'YAML'
    - name: Become root
      ansible.builtin.command: id -u
      become: true
      changed_when: false
YAML
}

case_error_sudo_password_wrong() {
    new_project deploy
    sed -i 's/^h4 .*/'"$(connect h4 admin | sed 's/[&/\]/\\&/g')"'/' hosts.ini
    echo 'certainly-wrong' >password
    becoming
    LIMIT=60 apply 2 -i hosts.ini play.yml --become-password-file password
    says 'password' 'sudo' 'help:'
    says_not 'certainly-wrong'
    task_is h3 'Become root' failed
    h4_went_on
}

case_error_sudo_password_missing() {
    new_project deploy
    sed -i 's/^h4 .*/'"$(connect h4 admin | sed 's/[&/\]/\\&/g')"'/' hosts.ini
    becoming
    LIMIT=60 apply 2 -i hosts.ini play.yml
    says 'sudo' 'password' '-K|--ask-become-pass'
    task_is h3 'Become root' failed
    h4_went_on
}

case_error_sudo_without_rights() {
    new_project
    sed -i '/^h3 /s/ansible_user=admin/ansible_user=nosudo/' hosts.ini
    becoming
    cp "$SWIFTPROV_TESTBED/deploy.password" password
    LIMIT=60 apply 2 -i hosts.ini play.yml --become-password-file password
    says 'nosudo' 'sudo' 'help:'
    task_is h3 'Become root' failed
    h4_went_on
}

# --- on the host ---------------------------------------------------------------------------------

# The engine is stopped on h3; h4 has one that runs.
case_error_docker_stopped() {
    new_project
    local host
    for host in h3 h4; do
        on "$host" sh -c 'command -v dockerd >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends docker.io >/dev/null 2>&1'
        on "$host" systemctl start docker.service
    done
    on h3 systemctl stop docker.socket docker.service
    play <<'YAML'
    - name: Make a network
      community.docker.docker_network:
        name: trouble
      become: true
YAML
    apply 2 -i hosts.ini play.yml
    on h3 systemctl start docker.socket docker.service
    on h4 docker network rm trouble
    says 'docker' 'running|socket' 'help:'
    task_is h3 'Make a network' failed
    h4_went_on
}

# A user who may not talk to the engine.
case_error_docker_forbidden() {
    new_project
    on h3 sh -c 'command -v dockerd >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends docker.io >/dev/null 2>&1'
    on h3 systemctl start docker.service
    play <<'YAML'
    - name: Make a network
      community.docker.docker_network:
        name: trouble
      when: inventory_hostname == 'h3'
YAML
    apply 2 -i hosts.ini play.yml
    says 'permission|may not' 'become'
    task_is h3 'Make a network' failed
    h4_went_on
}

case_error_image_missing() {
    new_project
    on h3 sh -c 'command -v dockerd >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends docker.io >/dev/null 2>&1'
    on h3 systemctl start docker.service
    play <<'YAML'
    - name: Run it
      community.docker.docker_container:
        name: trouble
        image: 127.0.0.1:5999/no/such:1
      become: true
      when: inventory_hostname == 'h3'
YAML
    apply 2 -i hosts.ini play.yml
    says '127\.0\.0\.1:5999/no/such:1'
    [ -z "$(on h3 docker ps -aq --filter name=trouble)" ] || fail "a half-made container is left behind"
    h4_went_on
}

# What stands in the file stays, and no temporary file is left.
case_error_no_space() {
    new_project
    local host
    for host in h3 h4; do
        on "$host" sh -c 'mkdir -p /mnt/small && { mountpoint -q /mnt/small || mount -t tmpfs -o size='"$([ "$host" = h3 ] && echo 1m || echo 8m)"' small /mnt/small; } && echo old >/mnt/small/file'
    done
    head -c 3000000 /dev/urandom >big
    play <<'YAML'
    - name: Copy too much
      ansible.builtin.copy:
        src: big
        dest: /mnt/small/file
      become: true
YAML
    apply 2 -i hosts.ini play.yml
    local kept listing
    kept=$(on h3 cat /mnt/small/file | head -c 100)
    listing=$(on h3 ls -A /mnt/small)
    for host in h3 h4; do on "$host" umount /mnt/small; done
    says 'no space left' '/mnt/small' 'help:'
    [ "$kept" = old ] || fail "the file's old content is gone"
    [ "$listing" = file ] || fail "left behind: $listing"
    task_is h3 'Copy too much' failed
    h4_went_on
}

# cut_connections HOST: ends the SSH sessions of the user admin on a host, as a dead network would.
cut_connections() { on "$1" sh -c 'for pid in $(pgrep -x sshd); do grep -zq "^sshd: admin" /proc/$pid/cmdline && kill -9 $pid; done; true'; }

case_error_cut_in_command() {
    new_project
    play <<'YAML'
    - name: Take long
      ansible.builtin.command: "{{ 'touch /tmp/long-begun' if inventory_hostname == 'h4' else 'sh -c \"touch /tmp/long-begun; sleep 60\"' }}"
YAML
    on h3 rm -f /tmp/long-begun
    (
        on h3 sh -c 'n=0; until [ -e /tmp/long-begun ] || [ $n -ge 300 ]; do sleep 0.1; n=$((n+1)); done'
        cut_connections h3
    ) &
    LIMIT=90 apply 4 -i hosts.ini play.yml
    wait
    on h3 rm -f /tmp/long-begun
    on h4 rm -f /tmp/long-begun
    says 'h3' 'connection' 'help:'
    results unreachable | grep -q '^h3 | Take long' || fail "h3 is not reported unreachable"
    h4_went_on
}

# The file is the old one or the new one, never a part of it, and nothing stays beside it.
case_error_cut_in_copy() {
    new_project
    head -c 80000000 /dev/urandom >big
    local host
    for host in h3 h4; do on "$host" sh -c 'mkdir -p /srv/cut && echo old >/srv/cut/file'; done
    play <<'YAML'
    - name: Copy much
      ansible.builtin.copy:
        src: big
        dest: /srv/cut/file
      become: true
YAML
    (
        # As soon as something grows beside the file, wherever it is called what.
        on h3 sh -c 'n=0; until [ "$(du -sk /srv/cut /tmp /var/tmp | awk "{s += \$1} END {print s}")" -gt 4000 ] || [ $n -ge 600 ]; do sleep 0.05; n=$((n+1)); done'
        cut_connections h3
    ) &
    LIMIT=180 apply 4 -i hosts.ini play.yml
    wait
    says 'h3' 'connection'
    h4_went_on
    local sum left count=0
    sum=$(on h3 sha256sum /srv/cut/file | first_field)
    if [ "$sum" != "$(sha256sum <big | first_field)" ] && [ "$(on h3 head -c 10 /srv/cut/file)" != old ]; then
        fail "the file is neither the old one nor the new one"
    fi
    # The shell on the host finds out that nobody is there any more, and tidies up.
    while left=$(on h3 ls -A /srv/cut | grep -vx file) && [ "$count" -lt 20 ]; do
        sleep 0.5
        count=$((count + 1))
    done
    for host in h3 h4; do on "$host" rm -rf /srv/cut; done
    [ -z "$left" ] || fail "left behind: $left"
}

first_field() { awk '{print $1}'; }

# A host that freezes in the middle is given up after the time limit, the other goes on.
case_error_frozen() {
    new_project
    play <<'YAML'
    - name: Take long
      ansible.builtin.command: "{{ 'true' if inventory_hostname == 'h4' else 'sh -c \"touch /tmp/long-begun; sleep 60\"' }}"
YAML
    on h3 rm -f /tmp/long-begun
    (
        on h3 sh -c 'n=0; until [ -e /tmp/long-begun ] || [ $n -ge 300 ]; do sleep 0.1; n=$((n+1)); done'
        hosts pause h3
    ) &
    local status=0
    # In a subshell, so that the host is thawed whatever comes of it.
    (LIMIT=120 apply 4 -i hosts.ini play.yml --timeout 10) || status=$?
    wait
    hosts unpause h3
    on h3 rm -f /tmp/long-begun
    [ "$status" -eq 0 ] || exit "$status"
    REPORT=$WORK/report.json
    results unreachable | grep -q '^h3 | Take long' || fail "h3 is not reported unreachable"
    h4_went_on
}

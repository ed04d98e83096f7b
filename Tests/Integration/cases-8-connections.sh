# shellcheck shell=bash
# shellcheck disable=SC2154  # lib.sh and run.sh set the variables
# Hosts that a program of this machine leads to: what inventories, settings and the environment say of them.

# base FOLDER: a system of BusyBox's applets, with a user `app`.
base() {
    mkdir -p "$1"/{bin,etc,tmp,root,dev,home/app}
    chmod 755 "$1"
    chmod 1777 "$1/tmp"
    cp /bin/busybox "$1/bin/busybox"
    /bin/busybox --list | grep -vx busybox | while read -r name; do ln -sf busybox "$1/bin/$name"; done
    printf 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n' >"$1/etc/passwd"
    printf 'root:x:0:\napp:x:1000:\n' >"$1/etc/group"
    mknod -m 666 "$1/dev/null" c 1 3
}

# end_engine PROCESS: ends what the case of Docker started; what has ended already is no failure.
end_engine() {
    docker -H "unix://$WORK/docker/docker.sock" kill box >/dev/null 2>&1 || true
    kill "$1" 2>/dev/null || true
    wait "$1" || true
}

case_connection_chroot() {
    local folder=$WORK/chroot
    mkdir -p "$folder"
    cd "$folder" || exit
    base "$folder/root"
    cat >inventory.ini <<EOF
[roots]
changed ansible_connection=chroot ansible_host=$folder/root
full ansible_connection=community.general.chroot ansible_host=$folder/root ansible_user=nobody
absent ansible_connection=chroot ansible_host=$folder/absent
EOF
    cat >play.yml <<'EOF'
- hosts: roots
  gather_facts: true
  tasks:
    - ansible.builtin.copy: {content: "{{ inventory_hostname }}\n", dest: "/etc/{{ inventory_hostname }}", mode: "0640"}
    - ansible.builtin.command: id -un
      register: who
    - ansible.builtin.assert: {that: who.stdout == 'root'}
EOF
    apply 2 -i inventory.ini play.yml
    says "'$folder/absent' is no directory" 'changed +: ok=4 +changed=2 ' 'full +: ok=4 ' 'absent +: ok=0 .* failed=1'
    [ "$(cat root/etc/changed)" = changed ] || fail "the file is not there"
    [ "$(stat -c %a root/etc/full)" = 640 ] || fail "the file has another mode"
    [ -z "$(ls -A root/tmp)" ] || fail "something was left behind"
    # The program and the shell, by setting and by environment.
    ln -s "$(command -v chroot)" "$folder/change"
    printf '[chroot_connection]\nexe = %s\n' "$folder/change" >ansible.cfg
    ANSIBLE_EXECUTABLE=/bin/ash apply 2 -i inventory.ini play.yml --check
    ANSIBLE_EXECUTABLE=/bin/none apply 6 -i inventory.ini play.yml
    says "no shell began in the root" "/bin/none"
    printf '[chroot_connection]\nexe = no-such-program\n' >ansible.cfg
    apply 2 -i inventory.ini play.yml -l full
    says "the program 'no-such-program' is not on this machine"
    apply 2 -i inventory.ini play.yml -l full -e ansible_connection=chrot
    says "no connection 'chrot'" "did you mean 'chroot'"
}

case_connection_docker() {
    [ -x /usr/sbin/dockerd ] || fail "dockerd is not installed: apt-get install docker.io"
    local folder=$WORK/docker engine="unix://$WORK/docker/docker.sock"
    mkdir -p "$folder"
    cd "$folder" || exit
    base "$folder/root"
    # An Engine of its own, whose network and mounts are nobody else's.
    # shellcheck disable=SC2016  # the inner shell fills these in
    unshare --net --mount sh -c 'ip link set lo up; exec dockerd --data-root "$1/data" --exec-root "$1/exec" \
        --pidfile "$1/pid" --host "unix://$1/docker.sock" --log-level warn' sh "$folder" >"$folder/log" 2>&1 </dev/null &
    local dockerd=$! tries=0
    # shellcheck disable=SC2064  # this process is meant, whatever the name holds later
    trap "end_engine $dockerd" EXIT
    until docker -H "$engine" version >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] || fail "dockerd does not start: $(tail -n 3 "$folder/log")"
        sleep 0.25
    done
    tar -C root -c . | docker -H "$engine" import -c 'CMD ["sleep","1000"]' - box:1 >/dev/null
    docker -H "$engine" run -d --network none --name box box:1 >/dev/null
    cat >inventory.ini <<EOF
[containers]
plain ansible_connection=docker ansible_host=box
shown ansible_connection=community.docker.docker ansible_docker_host=box ansible_docker_user=app ansible_docker_working_dir=/etc
api ansible_connection=community.docker.docker_api ansible_host=box ansible_docker_docker_host=$engine ansible_docker_api_version=1.41
nobody ansible_connection=docker
[containers:vars]
ansible_docker_extra_env={"GIVEN": "two words"}
EOF
    printf '[docker_connection]\nextra_cli_args = -H "%s"\n' "$engine" >ansible.cfg
    cat >play.yml <<'EOF'
- hosts: containers
  gather_facts: false
  tasks:
    - ansible.builtin.shell: id -un; pwd; echo "$GIVEN"
      register: said
    - ansible.builtin.debug: {msg: "{{ said.stdout_lines | join(',') }}"}
    - ansible.builtin.meta: reset_connection
    - ansible.builtin.wait_for_connection: {timeout: 5}
    - ansible.builtin.command: sleep 1
      become: true
      become_method: su
      become_user: app
      when: inventory_hostname == 'plain'
    - ansible.posix.synchronize: {src: root/etc/, dest: /tmp/etc}
      when: inventory_hostname == 'api'
EOF
    apply 6 -i inventory.ini play.yml
    says '"root,/,two words"' '"app,/etc,two words"' "there is no container 'nobody'" \
        'plain +: ok=4 .* unreachable=0 +failed=0' 'nobody +: ok=0 .* unreachable=1' \
        "goes by ssh, and 'api' is reached by community.docker.docker_api"
    [ -z "$(docker -H "$engine" exec box ls -A /tmp)" ] || fail "something was left behind"
    # A container that ends while a task runs.
    printf -- '- hosts: plain\n  gather_facts: false\n  tasks:\n    - shell: touch /tmp/begun; sleep 600\n' >long.yml
    (
        until docker -H "$engine" exec box test -e /tmp/begun; do sleep 0.2; done
        docker -H "$engine" kill box >/dev/null
    ) &
    apply 4 -i inventory.ini long.yml
    says "the connection with the container 'box' was lost" 'does not run'
}

# shellcheck shell=bash
# shellcheck disable=SC2154  # lib.sh and run.sh set the variables
# A run that is interrupted or killed: nothing keeps running on the host, nothing is left there.

# interrupted_by SIGNAL...: runs a playbook of two commands on h3, sends the signals once the first one runs (a second
# apart), and leaves the exit status in $STATUS.
interrupted_by() {
    new_project
    cat >p.yml <<'E'
- hosts: h3
  gather_facts: false
  tasks:
    - name: first
      ansible.builtin.shell: "touch /tmp/first-began; sleep 6.25; touch /tmp/first-ended"
    - name: second
      ansible.builtin.command: touch /tmp/second-began
E
    on h3 sh -c 'rm -f /tmp/*-began /tmp/*-ended'
    # Cases that kill shells on the host may have left directories before.
    directories >"$WORK/directories"
    OUTPUT=$WORK/output
    "$SWIFTPROV" apply -i hosts.ini p.yml >"$OUTPUT" 2>&1 &
    local run=$! signal i
    for ((i = 0; i < 100; i++)); do
        on h3 test -e /tmp/first-began && break
        sleep 0.1
    done
    for signal in "$@"; do
        kill -s "$signal" "$run"
        sleep 1
    done
    STATUS=0
    wait "$run" || STATUS=$?
    cat "$OUTPUT"
    ! on h3 test -e /tmp/second-began || fail "the second task began"
}

directories() { on h3 sh -c 'ls -d /tmp/.swiftprov-* 2>/dev/null' || true; }

# Nothing of ours runs on h3 any more, and no directory of ours is left, after at most so many seconds.
nothing_left() {
    local i left
    for ((i = 0; i <= $1; i++)); do
        left=$(on h3 pgrep -af '[s]leep 6.25' || true)$(directories | grep -vxFf "$WORK/directories" || true)
        [ -z "$left" ] && return
        sleep 1
    done
    fail "left on the host: $left"
}

case_interrupt_once() {
    interrupted_by INT
    [ "$STATUS" -eq 99 ] || fail "exit status $STATUS"
    on h3 test -e /tmp/first-ended || fail "the task was not let finish"
    says 'changed: \[h3\]' 'PLAY RECAP' 'h3 .*ok=1 '
    nothing_left 2
}

case_interrupt_twice() {
    interrupted_by INT INT
    [ "$STATUS" -eq 99 ] || fail "exit status $STATUS"
    ! on h3 test -e /tmp/first-ended || fail "the task went on"
    says 'was interrupted while it ran' 'PLAY RECAP'
    nothing_left 2
}

# What runs on the host ends by itself; the shell then sees that nobody is there and cleans up.
case_interrupt_killed() {
    interrupted_by KILL
    [ "$STATUS" -eq 137 ] || fail "exit status $STATUS"
    nothing_left 12
}

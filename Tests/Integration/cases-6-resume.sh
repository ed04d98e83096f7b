# shellcheck shell=bash
# shellcheck disable=SC2154  # lib.sh and run.sh set the variables
# Runs that take long, that are cut short, and that go on where another ended.

# The control machine's process is killed in the middle of a task; the next run goes on from there.
case_resume_killed() {
    new_project
    cat >p.yml <<'E'
- hosts: h3
  gather_facts: false
  tasks:
    - name: once
      ansible.builtin.shell: echo once >>/tmp/resume-log; echo word
      register: once
      notify: told
    - name: chance
      ansible.builtin.set_fact:
        number: "{{ 1000000 | random }}"
    - name: number
      ansible.builtin.shell: "echo {{ number }} >/tmp/resume-number"
    - name: long
      ansible.builtin.shell: "echo long >>/tmp/resume-log; sleep 4.25"
    - name: after
      ansible.builtin.shell: "echo after {{ once.stdout }} >>/tmp/resume-log; echo {{ number }} | cmp - /tmp/resume-number"
  handlers:
    - name: told
      ansible.builtin.shell: echo told >>/tmp/resume-log
E
    on h3 sh -c 'rm -f /tmp/resume-*'
    rm -rf "$XDG_STATE_HOME"
    "$SWIFTPROV" apply -i hosts.ini p.yml >"$WORK/output" 2>&1 &
    local run=$! i
    for ((i = 0; i < 100; i++)); do
        on h3 grep -qs long /tmp/resume-log && break
        sleep 0.1
    done
    kill -KILL "$run"
    wait "$run" 2>/dev/null || true
    apply 0 -i hosts.ini p.yml --resume
    says "'long' was under way on h3" 'changed: \[h3\] \(in the run before\)' 'h3 .*ok=6 .*failed=0'
    on h3 cat /tmp/resume-log >log
    printf '%s\n' once long long 'after word' told >wanted
    same "what was done on the host" wanted log
    # A run that ended well leaves nothing to go on with.
    apply 5 -i hosts.ini p.yml --resume
    says 'there is no run to resume'
    # The report of the run before is still there: `apply` would make it anew.
    echo old >report.old
    ! "$SWIFTPROV" apply --report json=report.old -i hosts.ini p.yml --resume || fail "there was something to resume"
    [ "$(cat report.old)" = old ] || fail "the report was emptied for a run that never began"
    [ -z "$(find "$XDG_STATE_HOME" -type f)" ] || fail "a journal was left"
}

# What a long task prints is seen while it runs, except where it must not be.
case_progress() {
    new_project
    cat >p.yml <<'E'
- hosts: h3
  gather_facts: false
  tasks:
    - name: long
      ansible.builtin.shell: printf 'one\n\033[2Jtwo\n'; sleep 4; echo three
    - name: hidden
      ansible.builtin.shell: echo whisper; sleep 3
      no_log: true
E
    apply 0 -i hosts.ini p.yml --progress-after 1
    says '^h3 \| one$' '^h3 \| \\x1b\[2Jtwo$' '^changed: \[h3\]'
    says_not '\| whisper'
    grep -c '"event"' "$REPORT" >"$WORK/events"
    apply 0 -i hosts.ini p.yml --progress-after 0
    says_not '^h3 \|'
    grep -c '"event"' "$REPORT" >"$WORK/events.quiet"
    same "the report" "$WORK/events" "$WORK/events.quiet"
}

# The time for the whole run is over: nothing keeps running on the host.
case_deadline() {
    new_project
    cat >p.yml <<'E'
- hosts: h3
  gather_facts: false
  tasks:
    - name: long
      ansible.builtin.command: sleep 600.25
    - name: second
      ansible.builtin.command: touch /tmp/second-began
E
    on h3 sh -c 'rm -f /tmp/*-began'
    directories >"$WORK/directories"
    LIMIT=60 apply 99 -i hosts.ini p.yml --deadline 3
    says 'longer than its deadline of 3 s' 'was interrupted while it ran' 'PLAY RECAP'
    ! on h3 pgrep -f '[s]leep 600.25' || fail "the command goes on"
    ! on h3 test -e /tmp/second-began || fail "the second task began"
    nothing_left 2
    apply 5 -i hosts.ini p.yml --deadline soon
    says "'soon' is no time"
}

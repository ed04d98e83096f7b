# shellcheck shell=bash
# shellcheck disable=SC2154  # run.sh sets the variables
# Benchmarks over SSH, on an sshd of their own on the loopback address. Sourced by run.sh.
#   SWIFTPROV_RIVALS  the folder of a Python environment with mitogen and pyinfra; what is not there is left out

PORT=${BENCH_PORT:-22870}

# An sshd, an inventory of COUNT hosts that all are it, and the words of ssh for it.
loopback() { # COUNT [PORT_OF_THE_HOSTS]
    local n port=${2:-$PORT}
    "$TESTBED/sshd.sh" up "$WORK/sshd" "$PORT" "$((PORT + 1))"
    trap '"$TESTBED/sshd.sh" down "$WORK/sshd"; rm -rf "$WORK"' EXIT
    # Behind the delay the host's key is the same.
    printf '[127.0.0.1]:%s %s\n' "$((PORT + 2))" "$(cut -d' ' -f1,2 "$WORK/sshd/host_key.pub")" >>"$WORK/sshd/known_hosts"
    for ((n = 0; n < $1; n++)); do
        printf 'n%s ansible_host=127.0.0.1 ansible_port=%s\n' "$n" "$port"
    done >"$WORK/hosts.ini"
    cat >>"$WORK/hosts.ini" <<END
[all:vars]
ansible_user=$(id -un)
ansible_ssh_private_key_file=$WORK/sshd/id_ed25519
ansible_ssh_common_args=-o UserKnownHostsFile=$WORK/sshd/known_hosts
ansible_python_interpreter=$ORACLE/bin/python
END
    SSH=(ssh -F none -o BatchMode=yes -o "UserKnownHostsFile=$WORK/sshd/known_hosts" -i "$WORK/sshd/id_ed25519" -p "$port"
        "$(id -un)@127.0.0.1")
}

# seconds COMMAND...: the least of some runs; a run that fails shows what it said.
seconds() {
    local run
    for ((run = 0; run < ${BENCH_RUNS:-3}; run++)); do
        /usr/bin/time -q -f %e -a -o "$WORK/seconds" "$@" >"$WORK/output" 2>&1 </dev/null || {
            tail -n 20 "$WORK/output" >&2
            rm -f "$WORK/seconds"
            return 1
        }
    done
    sort -n "$WORK/seconds" | head -n 1
    rm -f "$WORK/seconds"
}

# least COMMAND...: the least number that some runs print.
least() {
    local run
    for ((run = 0; run < ${BENCH_RUNS:-3}; run++)); do "$@" || return; done | sort -n | head -n 1
}

# 50 mixed tasks with nothing to do, one host.
case_play() {
    local ours limit theirs rivals=${SWIFTPROV_RIVALS:-}
    loopback 1
    mkdir -p "$WORK/target"
    python3 connections.py play "$WORK/play" "$WORK/target"
    local run=("$SWIFTPROV" apply --no-journal -i "$WORK/hosts.ini" "$WORK/play/play.yml")
    "${run[@]}" >"$WORK/output" 2>&1 || { cat "$WORK/output" >&2; exit 1; }
    ours=$(seconds "${run[@]}")
    grep -q 'ok=50 *changed=0' "$WORK/output" || { cat "$WORK/output" >&2; fail "the play was not converged"; }
    limit=$(least python3 connections.py limit 50 "${SSH[@]}" sh)
    printf '%-44s ours / limit %.2f  (wanted: 1.5 at most)\n' "50 converged tasks, one bare sh" \
        "$(awk -v a="$ours" -v b="$limit" 'BEGIN { print a / b }')"
    ours=$(seconds "${run[@]}")
    theirs=$(BENCH_RUNS=1 seconds "$WORK/theirs" env ANSIBLE_PIPELINING=1 "$ORACLE/bin/ansible-playbook" -i "$WORK/hosts.ini" "$WORK/play/play.yml")
    ratio "50 converged tasks, ansible-core pipelining" "$ours" "$theirs" 50 s
    ours=$(seconds "${run[@]}")
    if theirs=$(mitogen "$rivals"); then
        ratio "50 converged tasks, mitogen" "$ours" "$theirs" 15 s
    else
        echo "mitogen: left out (SWIFTPROV_RIVALS has none that runs)"
    fi
    ours=$(seconds "${run[@]}")
    if [ -x "$rivals/bin/pyinfra" ] && theirs=$(BENCH_RUNS=1 seconds "$rivals/bin/pyinfra" -y --ssh-user "$(id -un)" --ssh-port "$PORT" \
        --ssh-key "$WORK/sshd/id_ed25519" --data "ssh_known_hosts_file=$WORK/sshd/known_hosts" 127.0.0.1 "$WORK/play/deploy.py"); then
        ratio "50 converged tasks, pyinfra" "$ours" "$theirs" 8 s
    else
        echo "pyinfra: left out (SWIFTPROV_RIVALS has none that runs)"
    fi
}

mitogen() {
    local strategy
    strategy=$(find "${1:-/nowhere}/lib" -type d -path '*ansible_mitogen/plugins/strategy' 2>/dev/null | head -n 1)
    [ -n "$strategy" ] || return 1
    BENCH_RUNS=1 seconds env -i PATH="$1/bin:$PATH" HOME="$WORK" LANG=C.UTF-8 ANSIBLE_STRATEGY=mitogen_linear ANSIBLE_STRATEGY_PLUGINS="$strategy" \
        "$1/bin/ansible-playbook" -i "$WORK/hosts.ini" "$WORK/play/play.yml"
}

# 5 tasks on 200 and on 500 hosts, beside the same connections made by nobody in particular: 5 requests through a bare sh.
case_hosts() {
    local count mine
    loopback 500
    cat >"$WORK/five.yml" <<'END'
- hosts: all
  gather_facts: false
  tasks:
    - command: echo 1
      changed_when: false
    - stat: {path: /etc/passwd}
    - file: {path: /tmp, state: directory}
    - command: echo 2
      changed_when: false
    - stat: {path: /etc/group}
END
    for count in 200 500; do
        for forks in 50 "$count"; do
            mine=$(cost "$SWIFTPROV" apply --no-journal -T 120 -f "$forks" -l "all[0:$((count - 1))]" -i "$WORK/hosts.ini" "$WORK/five.yml")
            awk -v count="$count" -v forks="$forks" -v cpu="${mine% *}" -v memory="${mine#* }" 'BEGIN {
                printf "%d hosts, 5 tasks, forks %-3d                 %.2f ms of processor time and %.0f KiB of memory a host\n",
                    count, forks, cpu * 1000 / count, memory / count }'
        done
    done
}

# delaying_proxy PORT TO MILLISECONDS: passes connections on, each way later; PROXY is its process.
delaying_proxy() {
    local tries
    python3 connections.py proxy "$@" "$WORK/proxy.pid" 2>"$WORK/proxy.log" &
    PROXY=$!
    trap 'kill "$PROXY" 2>/dev/null; "$TESTBED/sshd.sh" down "$WORK/sshd"; rm -rf "$WORK"' EXIT
    for ((tries = 0; tries < 100; tries++)); do
        [ ! -s "$WORK/proxy.pid" ] || return 0
        kill -0 "$PROXY" 2>/dev/null || break
        sleep 0.1
    done
    fail "the delaying proxy does not listen at port $1: $(tail -n 1 "$WORK/proxy.log")"
}

# The converged play behind 50 ms: what counts is how often the host is waited for.
case_latency() {
    local trips ours near
    loopback 1 "$((PORT + 2))"
    mkdir -p "$WORK/target"
    python3 connections.py play "$WORK/play" "$WORK/target"
    delaying_proxy "$((PORT + 2))" "$PORT" 25
    local run=("$SWIFTPROV" apply --no-journal -i "$WORK/hosts.ini" "$WORK/play/play.yml" --report "json=$WORK/report")
    "${run[@]}" >"$WORK/output" 2>&1 || { cat "$WORK/output" >&2; exit 1; }
    ours=$(BENCH_RUNS=1 seconds "${run[@]}")
    trips=$(python3 connections.py trips "$WORK/report")
    sed -i "s/ansible_port=.*/ansible_port=$PORT/" "$WORK/hosts.ini"
    near=$(BENCH_RUNS=1 seconds "${run[@]}")
    printf '%-44s %s round trips counted, %.0f by the clock  (wanted: 55 at most)\n' "50 converged tasks behind 50 ms" \
        "$trips" "$(awk -v a="$ours" -v b="$near" 'BEGIN { print (a - b) / 0.05 }')"
    kill "$PROXY"
    trap '"$TESTBED/sshd.sh" down "$WORK/sshd"; rm -rf "$WORK"' EXIT
}

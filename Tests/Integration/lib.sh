# shellcheck shell=bash
# shellcheck disable=SC2119,SC2120  # some functions have arguments that are seldom given
# Shared by run.sh and the case files: hosts, copies of the site, runs and what they should have said.

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TESTBED=$REPOSITORY/Tests/Testbed
: "${SWIFTPROV_TESTBED:=/var/tmp/swiftprov-testbed}"
export SWIFTPROV_TESTBED
: "${SWIFTPROV:=$REPOSITORY/.build/release/swiftprov}"
# shellcheck disable=SC2034  # the case files use them
KEY=$SWIFTPROV_TESTBED/id_ed25519
KNOWN_HOSTS=$SWIFTPROV_TESTBED/known_hosts

# --- talking to the testbed -------------------------------------------------------------

hosts() { "$TESTBED/hosts.sh" "$@"; }
address() { hosts address "$1"; }

# restarts HOST always|no: whether a host that restarts itself comes back.
restarts() { hosts restarts "$@"; }

# on HOST COMMAND...: as root on the host, past SSH and past swiftprov.
on() { hosts run "$@"; }

# need_hosts NAME...: starts those that this run has not started yet.
need_hosts() {
    local name missing=()
    for name in "$@"; do [ -e "$WORK/up.$name" ] || missing+=("$name"); done
    [ ${#missing[@]} -eq 0 ] && return
    hosts up "${missing[@]}"
    for name in "${missing[@]}"; do touch "$WORK/up.$name"; done
}

# fresh_hosts NAME...: hosts on which nothing has happened yet.
fresh_hosts() {
    hosts renew "$@"
    local name
    for name in "$@"; do touch "$WORK/up.$name"; done
}

# --- what a run said ---------------------------------------------------------------------

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

# apply STATUS ARGUMENT...: runs `swiftprov apply` in the current folder. Its text is in $OUTPUT
# afterwards, its JSON lines are in $REPORT; another exit status than STATUS fails the case.
# A limit of time turns a run that hangs into a failed case.
apply() {
    local wanted=$1 got=0
    shift
    OUTPUT=$WORK/output
    REPORT=$WORK/report.json
    rm -f "$REPORT"
    printf '$ swiftprov apply %s\n' "$*"
    timeout --kill-after=10 "${LIMIT:-240}" "$SWIFTPROV" apply --report "json=$REPORT" "$@" >"$OUTPUT" 2>&1 </dev/null || got=$?
    cat "$OUTPUT"
    [ "$got" -eq "$wanted" ] || fail "exit status $got, wanted $wanted"
}

# says PATTERN...: each extended regular expression is somewhere in the run's text.
says() {
    local pattern
    for pattern in "$@"; do
        grep -Eiq -- "$pattern" "$OUTPUT" || fail "the output does not say: $pattern"
    done
}

says_not() {
    local pattern
    for pattern in "$@"; do
        ! grep -Eiq -- "$pattern" "$OUTPUT" || fail "the output says: $pattern"
    done
}

# results STATUS [REPORT]: host, task and item of each result with this status, one a line, sorted.
results() {
    jq -r --arg status "$1" 'select(.event == "result" and .status == $status)
        | [.host, .task, (.item // "" | tostring)] | join(" | ")' "${2:-$REPORT}" | sort -u
}

# changed_tasks [REPORT]: host and task of what changed, without items.
changed_tasks() { results changed "$@" | sed 's/ | [^|]*$//' | sort -u; }

# task_is HOST TASK STATUS
task_is() {
    results "$3" | grep -Fq "$1 | $2 |" || fail "$2 on $1 is not $3"
}

nothing_changed() {
    local changed
    changed=$(results changed)
    [ -z "$changed" ] || fail "changed: $changed"
}

# same WHAT FILE FILE
same() {
    diff -u "$2" "$3" || fail "$1 differs"
}

# foretold_is_done ARGUMENT...: a dry run, then the run. What the dry run names as changing must be
# exactly what then changes; what it calls unknown must not change behind its back.
foretold_is_done() {
    apply 0 "$@" --check
    changed_tasks >"$WORK/foretold"
    results unknown >"$WORK/unknown"
    apply 0 "$@"
    changed_tasks >"$WORK/done"
    same "what was foretold" "$WORK/foretold" "$WORK/done"
}

# --- inventories and playbooks -----------------------------------------------------------

# An inventory line's variables for a host of the testbed: connect NAME [USER]
connect() {
    printf '%s ansible_host=%s ansible_user=%s ansible_ssh_private_key_file=%s ansible_ssh_common_args="-o UserKnownHostsFile=%s"\n' \
        "$1" "$(address "$1")" "${2:-admin}" "$KEY" "$KNOWN_HOSTS"
}

# An empty folder to work in, with an inventory of the two hosts for troubles.
new_project() {
    need_hosts h3 h4
    rm -rf "$WORK/project"
    mkdir -p "$WORK/project"
    cd "$WORK/project" || exit
    { connect h3 "${1:-admin}" && connect h4 "${1:-admin}"; } >hosts.ini
}

# A copy of the site with the testbed's hosts and registry in place of the published ones.
new_site() {
    need_hosts h1 h2
    local registry
    registry=$("$TESTBED/registry.sh" up)
    rm -rf "$WORK/site"
    mkdir -p "$WORK/site"
    cp -a "$REPOSITORY"/{ansible.cfg,inventory,roles,playbooks} "$WORK/site/"
    cd "$WORK/site" || exit
    local user=${1:-admin}
    sed -e "s|^app-server .*|$(connect h1 "$user" | sed 's/^h1/app-server/')|" \
        -e "s|^db-server .*|$(connect h2 "$user" | sed 's/^h2/db-server/')|" \
        -e '/^ansible_user=/d' inventory/production.ini >inventory/test.ini
    sed -i -e "s|^registry:.*|registry: $registry|" -e "s|^library:.*|library: $registry/library|" inventory/group_vars/all.yml
    sed -i -e "s|^docker_insecure_registries:.*|docker_insecure_registries: [\"$registry\"]|" inventory/group_vars/docker_hosts.yml
    echo swiftprov-demo >vault-password
    chmod 600 vault-password
    # shellcheck disable=SC2034  # the case files use it
    SITE=(-i inventory/test.ini --vault-password-file vault-password playbooks/site.yml)
}

# Makes sure that the site stands on h1 and h2, whichever case is run alone.
need_deployed_site() {
    new_site
    [ -e "$WORK/deployed" ] && return
    LIMIT=600 apply 0 "${SITE[@]}"
    touch "$WORK/deployed"
}

# --- what a host looks like --------------------------------------------------------------

# snapshot HOST: every file with its checksum, the packages, the units and Docker's objects.
# Left out is what changes by itself: /proc and the like are other file systems (-xdev), logs,
# and systemd's own notes.
# (sudo itself leaves .sudo_as_admin_successful in the home of whoever uses it for the first time;
# the Engine's health checks run at their own times and pass through /tmp/runc-process….)
snapshot() {
    # shellcheck disable=SC2016  # the host's shell fills this in
    on "$1" sh -c '
        leave_out="-path /var/log -o -path /var/lib/systemd -o -path /var/lib/docker -o -path /var/lib/containerd
            -o -path /var/lib/sudo -o -name .sudo_as_admin_successful -o -path /tmp/runc-process*"
        set -f
        find / -xdev \( $leave_out \) -prune \
            -o -type f -printf "%y %m %U:%G %T@ %p\n" -o -printf "%y %m %U:%G %p %l\n" | sort
        find / -xdev \( $leave_out \) -prune \
            -o -type f -print0 | sort -z | xargs -0 sha256sum
        dpkg-query -W -f "\${Package} \${Version} \${db:Status-Abbrev}\n"
        systemctl list-unit-files --plain --no-legend
        systemctl list-units --all --plain --no-legend --type=service,socket,mount | awk "{print \$1, \$3, \$4}" | sort
        if command -v docker >/dev/null; then
            docker ps -a --no-trunc --format "{{.ID}} {{.Names}} {{.Image}} {{.State}}" | sort
            docker ps -aq --no-trunc | xargs -r docker inspect -f "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}"
            docker image ls --no-trunc --format "{{.ID}} {{.Repository}}:{{.Tag}}" | sort
            docker network ls --no-trunc --format "{{.ID}} {{.Name}}" | sort
            docker volume ls --format "{{.Name}}"
        fi'
}

# containers HOST: name and id of each container.
containers() { on "$1" docker ps -a --no-trunc --format '{{.Names}} {{.ID}}' | sort; }

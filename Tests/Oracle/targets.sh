#!/usr/bin/env bash
# Runs the playbooks that ansible-core itself is tested with, by ansible-playbook and by swiftprov, and compares.
#
#     Tests/Oracle/targets.sh                every target that a Linux machine can run
#     Tests/Oracle/targets.sh blocks copy    some
#
# Prints one line a target: `same`, `differs`, or `broken` where ansible-playbook itself fails here (it may want a
# server that this machine has not). Nothing of this is a test of ours: many differences are assertions on Ansible's
# wording, or plugins in Python. It is where to look for what our own cases do not ask.
#
# The playbooks come from ansible-core's source package (SWIFTPROV_ANSIBLE_SOURCE names an unpacked one). They make
# users, groups and files wherever they like, so that each run has a throw-away layer over this machine's root, a mount
# and a process namespace of its own, and devices of its own. The network and the kernel's settings are this machine's.
# Needs root, and an environment of Python with ansible-core (SWIFTPROV_ORACLE). What both said stays in
# SWIFTPROV_TARGETS.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
REPOSITORY=$PWD
VERSION=2.19.14
RESULTS=${SWIFTPROV_TARGETS:-/tmp/swiftprov-targets}
SWIFTPROV=${SWIFTPROV:-$REPOSITORY/.build/debug/swiftprov}
ORACLE=${SWIFTPROV_ORACLE:?names the folder of a Python environment with ansible-core}
SECONDS_EACH=${SECONDS_EACH:-180}

# What makes no sense here: other systems, network devices, ansible-test and the other programs themselves.
OTHERS='^(win_|windows|ansible-test|ansible-galaxy|ansible-(config|console|doc|inventory|pull|vault)$|incidental_|module_utils|connection_(psrp|winrm|windows)|binary_modules_winrm|setup_|prepare_|support-|dnf|rpm_key|yum_repository|common_network|collections_|ansiballz|cli$|debugger$|packaging_cli|inventory_cache|cache-plugins|adhoc|infra$|canonical|entry_points|expect$|pyyaml|test_utils|protomatter|data_tagging|fork_safe|python_module_rlimit|result_pickle|plugin_|rel_plugin|old_style_vars|strategy-external|callback|interpreter_discovery|deprecations|ssh_agent|signal_propagation|module_tracebacks|module-serialization|json-serialization|missing|embedded_module|pkg_resources|preflight|reboot$|subversion|playbook_output|collection$|ansible_log|jinja_plugins|run_modules|service_facts|setup_cron|user$|apt|hostname|systemd$|service$|iptables|package|deb822)'

source_package() {
    local folder=${SWIFTPROV_ANSIBLE_SOURCE:-$RESULTS/ansible_core-$VERSION} address
    if [ ! -d "$folder/test/integration/targets" ]; then
        mkdir -p "$RESULTS"
        address=$(curl -fsS "https://pypi.org/pypi/ansible-core/$VERSION/json" |
            grep -o 'https://[^"]*\.tar\.gz' | head -n 1)
        curl -fsS "$address" | tar -C "$RESULTS" -xz
    fi
    echo "$folder/test/integration/targets"
}

# run_alone SIDE TARGET: in namespaces of its own; the exit status and the output are files afterwards.
run_alone() {
    local side=$1 target=$2 layer
    layer=$RESULTS/layer.$side
    mkdir -p "$layer"
    # The layer lies in memory and goes with the namespace.
    # shellcheck disable=SC2016  # the inner shell expands these
    unshare --mount --pid --fork --kill-child -- bash -euc '
        layer=$1 side=$2 target=$3
        mount -t tmpfs -o size=4g tmpfs "$layer"
        mkdir "$layer/upper" "$layer/work" "$layer/root"
        mount -t overlay overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" "$layer/root"
        mount -t proc proc "$layer/root/proc"
        mount --rbind /sys "$layer/root/sys"
        mount -t tmpfs tmpfs "$layer/root/dev"
        for node in null zero full random urandom tty; do
            touch "$layer/root/dev/$node"
            mount --bind "/dev/$node" "$layer/root/dev/$node"
        done
        mkdir "$layer/root/dev/pts" "$layer/root/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$layer/root/dev/pts"
        chmod 1777 "$layer/root/dev/shm"
        ln -s pts/ptmx "$layer/root/dev/ptmx"
        ln -s /proc/self/fd "$layer/root/dev/fd"
        for name in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${name#*:}" "$layer/root/dev/${name%:*}"; done
        exec chroot "$layer/root" bash "$4/Tests/Oracle/target.sh" "$side" "$target" "$5" "$6" "$7" "$8"
    ' run "$layer" "$side" "$target" "$REPOSITORY" "$TARGETS" "$ORACLE" "$SWIFTPROV" "$SECONDS_EACH" \
        >"$RESULTS/$target.$side.out" 2>&1 </dev/null && echo 0 >"$RESULTS/$target.$side.rc" ||
        echo $? >"$RESULTS/$target.$side.rc"
}

# The order of plays, tasks, hosts' answers and items, and the recaps: what was said of them is not compared.
course() {
    grep -aoE '^(PLAY|TASK|RUNNING HANDLER) \[.*\]|^(ok|changed|skipping|fatal|failed|included|rescued): (\[[^]]*\]|[^ ]* for .*)( => \(item=.*\))?|^\.\.\.ignoring|^[^ ]+ +: ok=.*' "$1" |
        sed -E 's/ => \(item=\{.*//; s/[[:space:]]+/ /g; s/0x[0-9a-f]+/ADDRESS/g; s/ansible_?[.a-z0-9_]{8}_?test/TEMPORARY/g; s/tmp\.?[A-Za-z0-9_]{6,10}/TEMPORARY/g' || true
}

TARGETS=$(source_package)
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for folder in "$TARGETS"/*/; do
        name=$(basename "$folder")
        [[ $name =~ $OTHERS ]] && continue
        [ -e "$folder/runme.sh" ] || [ -e "$folder/tasks/main.yml" ] && targets+=("$name")
    done
fi
mkdir -p "$RESULTS"
: >"$RESULTS/summary"
for target in "${targets[@]}"; do
    run_alone theirs "$target" &
    run_alone ours "$target"
    wait
    for side in ours theirs; do course "$RESULTS/$target.$side.out" >"$RESULTS/$target.$side.course"; done
    theirs=$(cat "$RESULTS/$target.theirs.rc") ours=$(cat "$RESULTS/$target.ours.rc")
    if diff "$RESULTS/$target.theirs.course" "$RESULTS/$target.ours.course" >"$RESULTS/$target.diff"; then
        courses=same
    else
        courses=differs
    fi
    if [ "$theirs" != 0 ]; then
        verdict=broken
    elif [ "$ours" = 0 ] && [ $courses = same ]; then
        verdict=same
    else
        verdict=differs
    fi
    printf '%-8s %-40s theirs=%s ours=%s course=%s\n' $verdict "$target" "$theirs" "$ours" $courses | tee -a "$RESULTS/summary"
done

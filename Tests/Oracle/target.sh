#!/usr/bin/env bash
# target.sh SIDE TARGET TARGETS ORACLE SWIFTPROV SECONDS: one target, inside the layer that targets.sh made.
#
# The environment is what those playbooks expect: an inventory two folders above each script, a folder for output.
set -euo pipefail
side=$1 target=$2 targets=$3 oracle=$4 swiftprov=$5 seconds=$6

integration=/root/integration
mkdir -p "$integration" /root/output /root/bin
# Other users run what lies here, too.
chmod a+x /root
cp -a "$targets" "$integration/targets"
cat >"$integration/inventory" <<INVENTORY
[testgroup]
testhost ansible_connection=local ansible_pipelining=yes ansible_python_interpreter=$oracle/bin/python
INVENTORY

# The program under its other name: the scripts call it as they call Ansible's.
[ "$side" = ours ] && ln -s "$swiftprov" /root/bin/ansible-playbook

export PATH=/root/bin:$oracle/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 LC_ALL=C.UTF-8 PAGER=/bin/cat
export OUTPUT_DIR=/root/output INVENTORY_PATH=$integration/inventory ANSIBLE_ROLES_PATH=$integration/targets
export ANSIBLE_FORCE_HANDLERS=true ANSIBLE_HOST_PATTERN_MISMATCH=error ANSIBLE_INVENTORY=/dev/null
export ANSIBLE_DEPRECATION_WARNINGS=false ANSIBLE_HOST_KEY_CHECKING=false ANSIBLE_RETRY_FILES_ENABLED=false
export ANSIBLE_CONFIG=/root/integration/integration.cfg ANSIBLE_LIBRARY=/dev/null ANSIBLE_FORCE_COLOR=false
: >"$ANSIBLE_CONFIG"

if [ -e "$integration/targets/$target/runme.sh" ]; then
    unset ANSIBLE_ROLES_PATH
    cd "$integration/targets/$target"
    exec timeout -k 10 "$seconds" bash ./runme.sh -v
fi
facts=true
grep -qs gather_facts/no "$integration/targets/$target/aliases" && facts=false
cat >"$integration/play.yml" <<PLAY
- hosts: testhost
  gather_facts: $facts
  vars: {output_dir: /root/output}
  roles: [$target]
PLAY
cd "$integration"
python3 "$(dirname "$0")/without_refused.py" "$swiftprov" apply play.yml -i inventory
exec timeout -k 10 "$seconds" ansible-playbook play.yml -i inventory

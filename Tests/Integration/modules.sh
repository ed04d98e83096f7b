#!/usr/bin/env bash
# Runs those cases of modules that turn a whole machine upside down, on a throw-away host.
#
#   modules.sh           the cases of Tests/ModulesTests/HostCases, but for those that install engines and firewalls
#
#   FULL=1               those, too: some minutes more
#   BUSYBOX=0            leave out the cases of any machine where BusyBox stands for all programs, which come after
#   KEEP=1               leave the host running, for a quick next time
#   SWIFT_FLAGS=…        what `swift test` is given besides
#
# The last lines are the test runner's own.
set -euo pipefail
cd "$(dirname "$0")/../.."
hosts=$PWD/Tests/Testbed/hosts.sh

finish() { [ -n "${KEEP:-}" ] || "$hosts" down m1; }
trap finish EXIT
trap 'exit 130' INT TERM
slow='docker_compose_v2|docker_image_build|firewalld|iptables|ufw'
if [ -z "${SWIFTPROV_MODULE_CASES:-}${FULL:-}" ]; then
    SWIFTPROV_MODULE_CASES=$(cd Tests/ModulesTests/HostCases && printf '%s\n' * | grep -vxE "$slow" | paste -sd,)
    export SWIFTPROV_MODULE_CASES
fi
"$hosts" renew m1
# shellcheck disable=SC2086  # several words are meant
SWIFTPROV_MODULE_HOST="$hosts run m1 sh" swift test --no-parallel ${SWIFT_FLAGS:-} --filter 'ModuleCaseTests/holdsOnHosts'
[ "${BUSYBOX:-1}" != 0 ] || exit 0
# shellcheck disable=SC2086  # several words are meant
SWIFTPROV_MODULE_BUSYBOX="bash $PWD/Tests/Testbed/busybox.sh" swift test --no-parallel ${SWIFT_FLAGS:-} \
    --filter 'ModuleCaseTests/holdsOnBusyBox'

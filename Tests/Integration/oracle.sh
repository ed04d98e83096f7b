# shellcheck shell=bash
# Sourced by conformance.sh and bench.sh: the real ansible-playbook, in a folder of its own.
# It is measured against, never used: swiftprov itself needs no Python.

ORACLE=${SWIFTPROV_ORACLE:-$SWIFTPROV_TESTBED/oracle}

need_oracle() {
    [ -x "$ORACLE/bin/ansible-playbook" ] && return
    command -v python3 >/dev/null || { echo "python3 is needed for ansible-playbook" >&2; exit 1; }
    echo "installing ansible-core into $ORACLE" >&2
    mkdir -p "$(dirname "$ORACLE")"
    # Debian's python3 comes without venv's parts.
    python3 -m venv "$ORACLE" 2>/dev/null || {
        apt-get install -qq -y --no-install-recommends python3-venv >/dev/null
        python3 -m venv "$ORACLE"
    }
    # The package `ansible` brings community.docker along.
    "$ORACLE/bin/pip" install -q 'ansible==12.*'
}

# oracle ARGUMENT...: ansible-playbook, without colour and without this machine's own settings.
oracle() {
    env -i PATH="$ORACLE/bin:$PATH" HOME="${WORK:-$HOME}" LANG=C.UTF-8 ANSIBLE_NOCOLOR=1 ANSIBLE_DEPRECATION_WARNINGS=0 \
        "$ORACLE/bin/ansible-playbook" "$@" </dev/null
}

#!/usr/bin/env bash
# Does swiftprov answer what ansible-playbook answers? `make conformance`
#
# Asks both for hosts, tags and tasks of the shipped content, then applies the demo with both to two
# folders and compares the files that came of it. Ends with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")" || exit
. ./lib.sh
. ./oracle.sh
WORK=$(mktemp -d /tmp/swiftprov-conformance.XXXXXX)
finish() {
    "$TESTBED/sshd.sh" down "$WORK/ours/ssh"
    "$TESTBED/sshd.sh" down "$WORK/theirs/ssh"
    rm -rf "$WORK"
}
trap finish EXIT
need_oracle
cd "$REPOSITORY" || exit
echo swiftprov-demo >"$WORK/password"
passed=0
failed=0

judge() { # NAME OURS THEIRS
    if diff -u --label ansible-playbook --label swiftprov "$3" "$2" >"$WORK/diff"; then
        passed=$((passed + 1))
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "not ok $1"
        sed 's/^/    /' "$WORK/diff"
    fi
}

# Blanks and empty lines are a matter of taste.
plain() { sed -e 's/[[:space:]]\+/ /g' -e 's/ $//' -e '/^ *$/d'; }

compare_lists() { # NAME ARGUMENT...
    local name=$1 option
    shift
    for option in --list-hosts --list-tags --list-tasks; do
        "$SWIFTPROV" apply "$@" "$option" 2>&1 </dev/null | plain >"$WORK/ours.txt"
        oracle "$@" "$option" 2>&1 | plain >"$WORK/theirs.txt"
        judge "$name $option" "$WORK/ours.txt" "$WORK/theirs.txt"
    done
}

compare_lists site -i inventory/production.ini --vault-password-file "$WORK/password" playbooks/site.yml
compare_lists site,database -i inventory/production.ini --vault-password-file "$WORK/password" --tags database playbooks/site.yml
compare_lists demo -i Examples/demo/inventory.ini -e demo_folder=/nowhere Examples/demo/site.yml

# The demo, by both. The folder's name is part of the files, so it is taken out.
recap() { sed -n '/PLAY RECAP/,$p' | grep -E 'ok=' | plain; }
tree() { (cd "$1/hosts" && find . -printf '%y %m %p\n' -type f -exec sha256sum {} + | sort); }
for who in ours theirs; do
    "$TESTBED/sshd.sh" up "$WORK/$who/ssh" 22201 22202
    for round in first second; do
        if [ $who = ours ]; then
            "$SWIFTPROV" apply -i Examples/demo/inventory.ini -e "demo_folder=$WORK/$who" Examples/demo/site.yml </dev/null
        else
            oracle -i Examples/demo/inventory.ini -e "demo_folder=$WORK/$who" -e ansible_python_interpreter=/usr/bin/python3 Examples/demo/site.yml
        fi 2>&1 | recap >"$WORK/$who.$round"
    done
    "$TESTBED/sshd.sh" down "$WORK/$who/ssh"
    grep -rlZ "$WORK/$who" "$WORK/$who/hosts" | xargs -0 -r sed -i "s|$WORK/$who|FOLDER|g"
    tree "$WORK/$who" >"$WORK/$who.tree"
done
judge "demo first run" "$WORK/ours.first" "$WORK/theirs.first"
judge "demo second run" "$WORK/ours.second" "$WORK/theirs.second"
judge "demo files" "$WORK/ours.tree" "$WORK/theirs.tree"

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]

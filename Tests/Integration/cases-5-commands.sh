# shellcheck shell=bash
# shellcheck disable=SC2154  # lib.sh and run.sh set the variables
# The commands beside `apply`: what they print, and that sealed files never lie open.

case_command_inventory() {
    cd "$REPOSITORY" || exit
    "$SWIFTPROV" inventory -i inventory/production.ini --graph >"$WORK/graph"
    grep -qx '  |  |  |--app-server' "$WORK/graph" || fail "the graph lacks app-server"
    "$SWIFTPROV" inventory -i inventory/production.ini --host db-server >"$WORK/host"
    grep -q '"ansible_host": "192.168.1.11"' "$WORK/host" || fail "db-server has no address"
    "$SWIFTPROV" inventory -i inventory/production.ini --list >"$WORK/list"
    grep -q '"_meta"' "$WORK/list" || fail "the list has no _meta"
    ! "$SWIFTPROV" inventory -i inventory/nowhere.ini --list 2>"$WORK/errors" || fail "a missing inventory is no error"
    grep -q 'nowhere.ini' "$WORK/errors" || fail "the error does not name the inventory"
}

case_command_vault() {
    local file=$WORK/sealed.yml
    printf 'password: very secret\n' >"$file"
    echo one >"$WORK/one"
    echo two >"$WORK/two"
    "$SWIFTPROV" vault encrypt "$file" --vault-password-file "$WORK/one"
    grep -q 'ANSIBLE_VAULT;1.1;AES256' "$file" || fail "the file is not sealed"
    "$SWIFTPROV" vault rekey "$file" --vault-password-file "$WORK/one" --new-vault-password-file "$WORK/two"
    ! "$SWIFTPROV" vault view "$file" --vault-password-file "$WORK/one" >"$WORK/seen" 2>"$WORK/errors" || fail "the old password still opens it"
    grep -q 'wrong vault password' "$WORK/errors" || fail "the error does not say why"
    [ ! -s "$WORK/seen" ] || fail "something was shown"
    [ "$("$SWIFTPROV" vault view "$file" --vault-password-file "$WORK/two")" = "password: very secret" ] || fail "the content differs"
}

case_command_template() {
    printf 'name: web\nports: [80, 443]\n' >"$WORK/vars.yml"
    printf '{%% for port in ports %%}\nlisten {{ name }}:{{ port }}\n{%% endfor %%}\n' >"$WORK/listen.j2"
    "$SWIFTPROV" template --vars "$WORK/vars.yml" -e name=api "$WORK/listen.j2" >"$WORK/rendered"
    printf 'listen api:80\nlisten api:443\n' | diff -u - "$WORK/rendered"
    local status=0
    "$SWIFTPROV" template "$WORK/listen.j2" 2>"$WORK/errors" || status=$?
    [ "$status" -eq 4 ] || fail "an undefined name ends with $status"
    grep -q "listen.j2:1:.*'ports' is undefined" "$WORK/errors" || fail "the error does not name the place"
    printf '{%% include "listen.j2" %%}{{ template_path | basename }} of {{ lookup("pipe", "pwd") | basename }}\n' >"$WORK/all.j2"
    "$SWIFTPROV" template --vars "$WORK/vars.yml" "$WORK/all.j2" >"$WORK/rendered"
    printf 'listen web:80\nlisten web:443\nall.j2 of %s\n' "$(basename "$WORK")" | diff -u - "$WORK/rendered"
}

case_command_doc() {
    cd "$REPOSITORY" || exit
    "$SWIFTPROV" doc --table --tests Tests/ModulesTests >"$WORK/table"
    tail -n +5 docs/modules.md | diff - "$WORK/table" || fail "docs/modules.md is not what 'make manual' writes"
}

# shellcheck shell=bash
# shellcheck disable=SC2154  # lib.sh and run.sh set the variables
# The document's tree as it was written (Tests/Document): one --syntax-check names every defect
# at its place with its remedy, as a careful colleague would.

# place FILE TEXT [N]: FILE:LINE of the Nth line (by default the first) that holds the text, as a pattern.
place() {
    local line
    line=$(grep -nF -- "$2" "$1" | sed -n "${3:-1}s/:.*//p")
    [ -n "$line" ] || fail "no line of $1 holds: $2"
    printf '%s:%s:[0-9]+: ' "${1//./\\.}" "$line"
}

# named WHERE WHAT REMEDY: a message starts at the place, says what, and a `help:` below it says the remedy.
# (A message ends where the next begins.)
named() {
    WHERE=$1 WHAT=$2 REMEDY=$3 awk '
        function judge() {
            if (block ~ ENVIRON["WHERE"] && tolower(block) ~ ENVIRON["WHAT"] && tolower(block) ~ ENVIRON["REMEDY"]) found = 1
        }
        /^[^ ].*:[0-9]+:[0-9]+: (error|warning|note)/ { judge(); block = "" }
        { block = block "\n" $0 }
        END { judge(); exit !found }' "$OUTPUT" ||
        WRONG+=("no message at $1 that says: $2, and for a remedy: $3")
}

check_document() {
    rm -rf "$WORK/document"
    cp -a "$REPOSITORY/Tests/Document/ansible" "$WORK/document"
    cd "$WORK/document" || exit
    echo swiftprov-demo >"$WORK/document.password"
    apply 4 -i inventory/production.ini site.yml --syntax-check --vault-password-file "$WORK/document.password"
    WRONG=()
}

verdict() {
    [ ${#WRONG[@]} -eq 0 ] || fail "$(printf '%s\n' "${WRONG[@]}")"
}

# What makes a run fail (A1–A6).
case_document_errors() {
    check_document
    local network=roles/network/tasks/main.yml database=roles/database/tasks/main.yml application=roles/application/tasks/main.yml
    named "$(place site.yml 'ansible.builtin.docker_service')" 'docker_service' 'docker_container_info'
    named "$(place $network 'with_items')" 'mapping|dict' 'dict2items'
    named "$(place $database 'db-net')|$(place $database 'networks:')" 'networks' 'list|name: db-net'
    named "$(place $application 'app-net')|$(place $application 'networks:')" 'networks' 'list|name: app-net'
    named "$(place $application 'ports:')|$(place group_vars/all.yml '5000:5000')" 'port' 'publish|exposed_ports|replica'
    named "$(place $application 'docker_container:' 2)|$(place $application 'Deploy Nginx balancer')" 'name' 'name|argument'
    verdict
}

# What runs, but not as it is meant (A2, A7–A13, A16).
case_document_advice() {
    check_document
    local network=roles/network/tasks/main.yml database=roles/database/tasks/main.yml application=roles/application/tasks/main.yml
    named "$(place $network 'ansible.builtin.docker_network')" 'docker_network' 'community.docker.docker_network'
    named "$(place $database 'ansible.builtin.docker_volume')" 'docker_volume' 'community.docker.docker_volume'
    named "$(place $database 'ansible.builtin.docker_container')" 'docker_container' 'community.docker.docker_container'
    named "$(place inventory/production.ini '[docker-hosts]')" 'docker-hosts' 'docker_hosts'
    named "$(place site.yml 'group_vars/all.yml')" 'vars_files|group_vars' 'precedence|already|drop|remove'
    named "$(place group_vars/all.yml 'app:latest')" 'latest' 'pin|tag|digest'
    named "$(place group_vars/all.yml 'nginx:latest')" 'latest' 'pin|tag|digest'
    named "$(place group_vars/all.yml 'postgres:latest')" 'latest' 'pin|tag|digest'
    named "$(place $database 'docker_container')|$(place $database 'Deploy PostgreSQL')" 'restart_policy' 'unless-stopped'
    named "$(place $application 'docker_container')|$(place $application 'Deploy App')" 'restart_policy' 'unless-stopped'
    named "$(place group_vars/all.yml 'POSTGRES_DB')|$(place group_vars/all.yml 'env:')" 'services.db.env|env' 'unused|never used|not used|ignored|combine'
    verdict
}

# The document's other commands. --list-dependencies is its own: ansible-playbook has no such option.
case_document_commands() {
    check_document
    apply 4 -i inventory/production.ini site.yml --list-tasks --list-dependencies --vault-password-file "$WORK/document.password"
    apply 4 -i inventory/production.ini site.yml --check --vault-password-file "$WORK/document.password"
    says 'docker_service'
    # No password: said so, with the option that gives one.
    apply 4 -i inventory/production.ini site.yml --syntax-check
    says 'vault/secrets\.yml' '--ask-vault-pass|--vault-password-file'
}

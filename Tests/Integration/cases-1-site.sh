# shellcheck shell=bash
# shellcheck disable=SC2154  # lib.sh and run.sh set the variables
# The main job: the site on two hosts that have nothing yet. These cases follow one another;
# one run alone deploys the site first.

# A dry run on empty hosts names exactly what the first run then changes, and touches nothing.
case_site_first_run() {
    fresh_hosts h1 h2
    rm -f "$WORK/deployed"
    new_site

    snapshot h1 >"$WORK/before.h1"
    snapshot h2 >"$WORK/before.h2"
    apply 0 "${SITE[@]}" --check --diff
    changed_tasks >"$WORK/foretold"
    results unknown | sed 's/ | [^|]*$//' | sort -u >"$WORK/unknown"
    snapshot h1 >"$WORK/after.h1"
    snapshot h2 >"$WORK/after.h2"
    same "app-server after a dry run" "$WORK/before.h1" "$WORK/after.h1"
    same "db-server after a dry run" "$WORK/before.h2" "$WORK/after.h2"
    grep -Fq 'app-server | docker : Install Docker' "$WORK/foretold" || fail "the dry run does not foretell Docker"

    LIMIT=600 apply 0 "${SITE[@]}"
    touch "$WORK/deployed"
    changed_tasks >"$WORK/done"
    same "what was foretold" "$WORK/foretold" "$WORK/done"
    says_not 'demo only: change me'
}

# The services answer: through the balancer both applications, and through them the database.
case_site_serves() {
    need_deployed_site
    local url answers
    url=http://$(address h1)
    answers=$(for _ in {1..60}; do curl -fsS --max-time 5 "$url/"; done)
    sort <<<"$answers" | uniq -c
    grep -q '^app-1 1.0 ' <<<"$answers" || fail "app-1 does not answer"
    grep -q '^app-2 1.0 ' <<<"$answers" || fail "app-2 does not answer"
    [ "$(curl -fsS "$url/cgi-bin/ready")" = "database answers" ] || fail "the application does not reach the database"
    on h2 docker exec postgres-db psql -U shop -d shop -Atc 'select 1' | grep -qx 1 || fail "the vaulted user or database is missing"
    local host network
    for host in h1 h2; do
        for network in app-net db-net frontend-net; do on "$host" docker network inspect "$network" >/dev/null; done
    done
    on h2 docker volume inspect postgres-data >/dev/null
    # The vaulted password is the one that counts from outside.
    on h1 docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' app-1 |
        grep -qx "DATABASE_URL=postgresql://shop:demo%20only%3A%20change%20me%21@$(address h2):5432/shop" || fail "DATABASE_URL is wrong"
}

case_site_second_run() {
    need_deployed_site
    snapshot h1 >"$WORK/before.h1"
    apply 0 "${SITE[@]}" -vvv
    nothing_changed
    says 'app-server .*changed=0 ' 'db-server .*changed=0 '
    says_not 'demo only: change me' 'demo%20only'
    snapshot h1 >"$WORK/after.h1"
    same "app-server after a second run" "$WORK/before.h1" "$WORK/after.h1"
    apply 0 "${SITE[@]}" --check
    nothing_changed
}

# repaired CHANGED-CONTAINERS ARGUMENT...: foretold and done are the same, and the containers
# that are not named keep their ids.
repaired() {
    local pattern=$1
    shift
    containers h1 >"$WORK/containers.before"
    containers h2 >>"$WORK/containers.before"
    foretold_is_done "${SITE[@]}" "$@"
    cat "$WORK/done"
    containers h1 >"$WORK/containers.after"
    containers h2 >>"$WORK/containers.after"
    grep -Ev "^($pattern) " "$WORK/containers.before" >"$WORK/kept.before" || true
    grep -Ev "^($pattern) " "$WORK/containers.after" >"$WORK/kept.after" || true
    same "a container that had nothing to do with it" "$WORK/kept.before" "$WORK/kept.after"
    printf 'app-server | application : Deploy App containers\n' >"$WORK/only"
    same "the tasks that repair" "$WORK/only" "$WORK/done"
    apply 0 "${SITE[@]}" "$@"
    nothing_changed
}

case_site_repairs_removed_container() {
    need_deployed_site
    on h1 docker rm -f app-2
    repaired app-2
    on h1 docker inspect -f '{{.State.Running}}' app-2 | grep -qx true || fail "app-2 does not run"
}

case_site_repairs_stopped_container() {
    need_deployed_site
    on h1 docker stop app-1
    repaired 'none'
    on h1 docker inspect -f '{{.State.Running}}' app-1 | grep -qx true || fail "app-1 does not run"
}

case_site_changes_env() {
    need_deployed_site
    sed -i 's/^app_greeting:.*/app_greeting: good evening/' inventory/group_vars/all.yml
    repaired 'app-1|app-2'
    curl -fsS "http://$(address h1)/" | grep -q 'good evening' || fail "the new greeting is not there"
    new_site
    apply 0 "${SITE[@]}"
}

case_site_changes_image_tag() {
    need_deployed_site
    sed -i 's/^app_version:.*/app_version: "1.1"/' inventory/group_vars/all.yml
    # The diff of a dry run says what differs, and names the image.
    repaired 'app-1|app-2'
    curl -fsS "http://$(address h1)/" | grep -q ' 1.1 ' || fail "the new version does not answer"
    new_site
    apply 0 "${SITE[@]}"
}

case_site_repairs_network() {
    need_deployed_site
    on h2 docker network rm app-net
    foretold_is_done "${SITE[@]}"
    printf 'db-server | network : Create Docker networks\n' >"$WORK/only"
    same "the tasks that repair" "$WORK/only" "$WORK/done"
}

# A changed template reloads the balancer without a new container.
case_site_reloads_balancer() {
    need_deployed_site
    containers h1 >"$WORK/containers.before"
    sed -i 's/proxy_connect_timeout 2s;/proxy_connect_timeout 3s;/' roles/application/templates/balancer.conf.j2
    foretold_is_done "${SITE[@]}"
    printf 'app-server | application : Configure the balancer\n' >"$WORK/only"
    same "the tasks that change" "$WORK/only" "$WORK/done"
    results ok | grep -q 'Reload the balancer' || fail "the handler did not run"
    containers h1 >"$WORK/containers.after"
    same "the containers" "$WORK/containers.before" "$WORK/containers.after"
    new_site
    apply 0 "${SITE[@]}"
}

# A changed daemon.json restarts the engine before anything else; containers come back.
case_site_restarts_engine() {
    need_deployed_site
    local pid
    pid=$(on h2 systemctl show -P MainPID docker)
    cat >>inventory/group_vars/docker_hosts.yml <<'YAML'
docker_daemon_settings:
  log-driver: json-file
  log-opts: {max-size: 5m}
YAML
    foretold_is_done "${SITE[@]}" --limit db_hosts
    printf 'db-server | docker : %s\n' 'Configure the Docker engine' 'Restart Docker' >"$WORK/only"
    same "the tasks that change" "$WORK/only" "$WORK/done"
    [ "$pid" != "$(on h2 systemctl show -P MainPID docker)" ] || fail "the engine was not restarted"
    new_site
    apply 0 "${SITE[@]}"
    apply 0 "${SITE[@]}"
    nothing_changed
}

case_site_tags_and_limit() {
    need_deployed_site
    apply 0 "${SITE[@]}" --tags database --limit db_hosts
    nothing_changed
    results ok | grep -q 'Deploy PostgreSQL container' || fail "the tag database runs no database task"
    ! results ok | grep -q 'app-server' || fail "--limit db_hosts ran on app-server"
    apply 0 "${SITE[@]}" --tags network
    results ok | grep -q 'Create Docker networks' || fail "the tag network runs no network task"
    ! results ok | grep -q 'Deploy' || fail "the tag network deploys containers"
}

case_site_lists() {
    new_site
    apply 0 "${SITE[@]}" --syntax-check
    apply 0 "${SITE[@]}" --list-hosts
    says 'app-server' 'db-server'
    apply 0 "${SITE[@]}" --list-tags
    says 'network' 'database' 'application'
    apply 0 "${SITE[@]}" --list-tasks
    says 'docker : Install Docker' 'database : Deploy PostgreSQL container' 'application : Deploy Nginx balancer'
    apply 0 "${SITE[@]}" --list-tasks --list-dependencies
    says 'application' 'network' 'docker'
    # Without a playbook it is playbooks/site.yml.
    apply 0 -i inventory/test.ini --vault-password-file vault-password --list-tasks
    says 'Deploy Docker infrastructure, application layer'
}

#!/usr/bin/env bash
# A real image registry for the test hosts, filled with images made here.
#
#   registry.sh up        start it and put the images in; prints its address
#   registry.sh down      stop it (its store stays, so that the next `up` is quick)
#   registry.sh address
#
# Plain HTTP at 198.18.0.1:5000: a Docker Engine that pulls from it names it in
# `insecure-registries`, or in `registry-mirrors` (nginx and postgres are there as library/… too).
#
#   app:1.0, app:1.1   busybox httpd on port 5000: / says host name and version, /health says ok,
#                      /cgi-bin/ready asks the PostgreSQL server of DATABASE_URL whether it is there
#   nginx:1.22         Debian's nginx, configured like the image of that name: /etc/nginx/conf.d
#   postgres:15        Debian's PostgreSQL 15, with the variables of the image of that name
#
# The images hold the programs and the libraries they load, nothing else: a pull takes a second.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

REGISTRY=$STATE/registry
ADDRESS=$BRIDGE_ADDRESS:$REGISTRY_PORT
URL=http://$ADDRESS

# Packages' files without installing the packages: their services must not start on this machine.
fetch_packages() {
    [ -f "$CACHE/packages.done" ] && return
    say "fetching registry, nginx, PostgreSQL and busybox"
    rm -rf "$CACHE"
    mkdir -p "$CACHE/unpacked"
    # Asked from inside the host tree, so that the answer does not depend on what this machine has.
    mkdir -p "$ROOT/var/cache/testbed/partial"
    chroot "$ROOT" apt-get install -qq -y --download-only --no-install-recommends -o Dir::Cache::archives=/var/cache/testbed \
        docker-registry busybox-static nginx postgresql-15 >"$STATE/registry.log" 2>&1 || {
        tail -n 20 "$STATE/registry.log" >&2
        die "the packages for the registry's images could not be fetched"
    }
    # The programs find their libraries in the host tree, or in what is unpacked on top of it.
    local package
    for package in "$ROOT"/var/cache/testbed/*.deb; do
        case ${package##*/} in libllvm* | perl* | libperl* | libclang* | postgresql-common* | ssl-cert*) continue ;; esac
        dpkg-deb -x "$package" "$CACHE/unpacked"
    done
    rm -rf "$ROOT/var/cache/testbed"
    touch "$CACHE/packages.done"
}

# Copies programs and everything that the dynamic loader opens for them into an image's tree.
add_programs() {
    local tree=$1 program library
    shift
    for program in "$@"; do
        mkdir -p "$tree$(dirname "$program")"
        cp -L "$CACHE/unpacked$program" "$tree$program"
        # An overlay of the two trees would need a mount; a library path needs none.
        chroot "$ROOT" env LD_LIBRARY_PATH=/unpacked/usr/lib/x86_64-linux-gnu:/unpacked/lib/x86_64-linux-gnu:/unpacked/usr/lib/aarch64-linux-gnu:/unpacked/lib/aarch64-linux-gnu \
            ldd "/unpacked$program" | awk '/=> not found/ {print "missing " $1; exit} /=> \// {print $3} /^[ \t]*\/.*ld-/ {print $1}'
    done | sort -u | while read -r library missing; do
        [ "$library" = missing ] && die "library $missing not found"
        case $library in
            /unpacked/*) target=${library#/unpacked} ;;
            *) target=$library ;;
        esac
        mkdir -p "$tree$(dirname "$target")"
        cp -L "$ROOT$library" "$tree$target"
    done
}

new_tree() {
    local tree=$CACHE/tree
    rm -rf "$tree"
    # One place for programs and libraries, as on Debian itself.
    mkdir -p "$tree"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,tmp,run,var}
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$tree/"
    ln -s ../run "$tree/var/run"
    chmod 1777 "$tree/tmp"
    cp "$CACHE/unpacked/bin/busybox" "$tree/usr/bin/busybox"
    local applet
    for applet in sh ash cat chmod chown cp cut date echo env find grep head hostname id kill ls mkdir mv nc ps printf \
        rm sed sleep sort tail test touch tr true false wc wget httpd xxd; do
        ln -s busybox "$tree/usr/bin/$applet"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\nnginx:x:101:101::/var/cache/nginx:/bin/false\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n' >"$tree/etc/passwd"
    printf 'root:x:0:\nnginx:x:101:\npostgres:x:999:\n' >"$tree/etc/group"
    printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$tree/etc/nsswitch.conf"
    echo "$tree"
}

# put_blob REPOSITORY FILE: prints the digest.
put_blob() {
    local digest place
    digest=sha256:$(sha256sum <"$2" | cut -d' ' -f1)
    if ! curl -fsS -o /dev/null --head "$URL/v2/$1/blobs/$digest" 2>/dev/null; then
        place=$(curl -fsS -o /dev/null -D - -X POST "$URL/v2/$1/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
        case $place in *\?*) place="$place&digest=$digest" ;; *) place="$place?digest=$digest" ;; esac
        curl -fsS -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" "$place"
    fi
    echo "$digest"
}

# push TREE CONFIG REPOSITORY:TAG...: one layer, as `docker push` would send it, but without an engine.
push() {
    local tree=$1 settings=$2 name repository layer config size architecture
    shift 2
    tar -C "$tree" --sort=name --mtime=@0 --numeric-owner -cf "$CACHE/layer.tar" .
    gzip -1 -n -c "$CACHE/layer.tar" >"$CACHE/layer.tar.gz"
    architecture=$(dpkg --print-architecture)
    printf '{"architecture":"%s","os":"linux","created":"2024-01-01T00:00:00Z","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "$architecture" "$settings" "$(sha256sum <"$CACHE/layer.tar" | cut -d' ' -f1)" >"$CACHE/config.json"
    for name in "$@"; do
        repository=${name%:*}
        layer=$(put_blob "$repository" "$CACHE/layer.tar.gz")
        config=$(put_blob "$repository" "$CACHE/config.json")
        size=$(stat -c %s "$CACHE/layer.tar.gz")
        printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","size":%s,"digest":"%s"},"layers":[{"mediaType":"%s","size":%s,"digest":"%s"}]}' \
            application/vnd.docker.distribution.manifest.v2+json \
            application/vnd.docker.container.image.v1+json "$(stat -c %s "$CACHE/config.json")" "$config" \
            application/vnd.docker.image.rootfs.diff.tar.gzip "$size" "$layer" >"$CACHE/manifest.json"
        curl -fsS -o /dev/null -X PUT -H 'Content-Type: application/vnd.docker.distribution.manifest.v2+json' \
            --data-binary "@$CACHE/manifest.json" "$URL/v2/$repository/manifests/${name##*:}"
    done
    rm -rf "$tree" "$CACHE"/layer.tar* "$CACHE"/{config,manifest}.json
}

make_app() {
    local version=$1 tree
    tree=$(new_tree)
    mkdir -p "$tree/www/cgi-bin"
    echo ok >"$tree/www/health"
    cat >"$tree/www/cgi-bin/index.cgi" <<'CGI'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n%s %s %s\n' "$(hostname)" "$APP_VERSION" "${APP_GREETING:-hello}"
CGI
    cat >"$tree/www/cgi-bin/ready" <<'CGI'
#!/bin/sh
# A PostgreSQL server answers the eight bytes of an SSLRequest with one: S or N.
place=${DATABASE_URL#*@}
place=${place%%/*}
answer=$(printf '\000\000\000\010\004\322\026\057' | nc -w 2 "${place%:*}" "${place##*:}" 2>/dev/null | head -c 1)
case $answer in
    S | N) printf 'Content-Type: text/plain\r\n\r\ndatabase answers\n' ;;
    *) printf 'Status: 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\nno database at %s\n' "$place" ;;
esac
CGI
    chmod 755 "$tree"/www/cgi-bin/*
    push "$tree" '{"Env":["PATH=/usr/bin:/usr/sbin","APP_VERSION='"$version"'"],"Cmd":["httpd","-f","-p","5000","-h","/www"],"WorkingDir":"/www","ExposedPorts":{"5000/tcp":{}},"StopSignal":"SIGKILL"}' \
        "app:$version"
}

make_nginx() {
    local tree
    tree=$(new_tree)
    add_programs "$tree" /usr/sbin/nginx
    mkdir -p "$tree"/etc/nginx/conf.d "$tree"/var/log/nginx "$tree"/var/cache/nginx "$tree"/var/lib/nginx "$tree/usr/share/nginx/html"
    cp "$CACHE/unpacked/etc/nginx/mime.types" "$tree/etc/nginx/"
    echo '<h1>nginx</h1>' >"$tree/usr/share/nginx/html/index.html"
    ln -s /dev/stdout "$tree/var/log/nginx/access.log"
    ln -s /dev/stderr "$tree/var/log/nginx/error.log"
    cat >"$tree/etc/nginx/nginx.conf" <<'CONF'
user nginx;
worker_processes 1;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;
events { worker_connections 512; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /var/log/nginx/access.log;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
CONF
    cat >"$tree/etc/nginx/conf.d/default.conf" <<'CONF'
server {
    listen 80;
    root /usr/share/nginx/html;
}
CONF
    push "$tree" '{"Env":["PATH=/usr/bin:/usr/sbin"],"Cmd":["nginx","-g","daemon off;"],"ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGQUIT"}' \
        nginx:1.22 library/nginx:1.22
}

make_postgres() {
    local tree bin=/usr/lib/postgresql/15/bin lib=/usr/lib/postgresql/15/lib zone
    tree=$(new_tree)
    add_programs "$tree" $bin/postgres $bin/initdb $bin/pg_ctl $bin/psql $bin/pg_isready \
        $lib/plpgsql.so $lib/dict_snowball.so $lib/libpqwalreceiver.so $lib/pgoutput.so
    mkdir -p "$tree/usr/share/postgresql" "$tree/usr/lib/locale" "$tree/usr/share/zoneinfo/Etc" "$tree/run/postgresql" "$tree/var/lib/postgresql/data"
    cp -a "$CACHE/unpacked/usr/share/postgresql/15" "$tree/usr/share/postgresql/"
    rm -rf "$tree"/usr/share/postgresql/15/{man,locale}
    cp -a "$ROOT/usr/lib/locale/C.utf8" "$tree/usr/lib/locale/"
    for zone in UTC GMT Etc/UTC; do cp -L "$ROOT/usr/share/zoneinfo/$zone" "$tree/usr/share/zoneinfo/$zone"; done
    cat >"$tree/usr/bin/docker-entrypoint.sh" <<'ENTRYPOINT'
#!/bin/sh
# Initialises an empty data directory from POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB, then starts the server.
set -e
: "${POSTGRES_USER:=postgres}"
: "${POSTGRES_DB:=$POSTGRES_USER}"
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?must be set to initialise the database}"
    printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
    initdb --no-sync --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 -D "$PGDATA"
    rm -f /tmp/password
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
    pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start
    [ "$POSTGRES_DB" = postgres ] || psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -c "CREATE DATABASE \"$POSTGRES_DB\""
    pg_ctl -D "$PGDATA" -w -m fast stop
fi
exec "$@"
ENTRYPOINT
    chmod 755 "$tree/usr/bin/docker-entrypoint.sh"
    # A new named volume takes over the owner and mode of what it covers.
    chown -R 999:999 "$tree/var/lib/postgresql" "$tree/run/postgresql"
    chmod 700 "$tree/var/lib/postgresql/data"
    push "$tree" '{"User":"postgres","Env":["PATH='$bin':/usr/bin:/usr/sbin","PGDATA=/var/lib/postgresql/data","LANG=C.UTF-8"],"Entrypoint":["docker-entrypoint.sh"],"Cmd":["postgres"],"Volumes":{"/var/lib/postgresql/data":{}},"ExposedPorts":{"5432/tcp":{}},"StopSignal":"SIGINT"}' \
        postgres:15 library/postgres:15
}

start_registry() {
    alive "$REGISTRY/registry.pid" docker-registry && return
    mkdir -p "$REGISTRY"
    cat >"$REGISTRY/config.yml" <<CONFIG
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $REGISTRY/store}
http: {addr: "$ADDRESS"}
CONFIG
    setsid "$CACHE/unpacked/usr/bin/docker-registry" serve "$REGISTRY/config.yml" >"$REGISTRY/registry.log" 2>&1 </dev/null 9>&- &
    echo $! >"$REGISTRY/registry.pid"
    wait_until 20 curl -fsS -o /dev/null "$URL/v2/" || {
        tail -n 5 "$REGISTRY/registry.log" >&2
        die "the registry does not answer at $ADDRESS"
    }
}

up() {
    lock_state
    install_packages curl iproute2 ca-certificates
    ensure_key
    ensure_root_tree
    ensure_bridge
    local wanted
    wanted=$(cat "$HERE/registry.sh" "$ROOT.key" | sha256sum | cut -c1-16)
    if [ "$(cat "$REGISTRY/filled" 2>/dev/null)" != "$wanted" ]; then
        end_process "$REGISTRY/registry.pid" docker-registry
        rm -rf "$REGISTRY"
        fetch_packages
        start_registry
        say "making the images"
        # The loader in the host tree sees the unpacked packages through this mount.
        mkdir -p "$ROOT/unpacked"
        mount --bind "$CACHE/unpacked" "$ROOT/unpacked"
        trap 'umount "$ROOT/unpacked"; rmdir "$ROOT/unpacked"' EXIT
        make_app 1.0
        make_app 1.1
        make_nginx
        make_postgres
        trap - EXIT
        umount "$ROOT/unpacked"
        rmdir "$ROOT/unpacked"
        echo "$wanted" >"$REGISTRY/filled"
    fi
    start_registry
    echo "$ADDRESS"
}

need_root "$@"
case ${1:-} in
    up) up ;;
    down)
        lock_state
        end_process "$REGISTRY/registry.pid" docker-registry
        # The engine of hosts.sh may still use the bridge: it takes it down itself then.
        alive "$ENGINE/dockerd.pid" dockerd || ! ip link show "$BRIDGE" >/dev/null 2>&1 || ip link del "$BRIDGE"
        ;;
    address) echo "$ADDRESS" ;;
    *)
        sed -n '2,16s/^# \{0,1\}//p' "$0" >&2
        exit 5
        ;;
esac

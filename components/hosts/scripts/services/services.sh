#!/bin/sh
# services.sh apply, or remove NODE: sets up this host's part of services, as an entry or for other hosts of its site.
# A change is validated before it is applied, loses no connection of the services that stay, and is rolled back if it
# does not come up. remove removes everything except the packages.
# shellcheck disable=SC2154
# It is in a bundle of its own, and uses scripts of the bundle `node`.
node=${STRETCHED_UPLOADS:-/var/lib/stretched-uploads}/node/current
# shellcheck source=/dev/null
. "$node/lib.sh"
# shellcheck disable=SC2034
in_home=$node/in_home.sh
# shellcheck source=/dev/null
. "$node/homes.sh"
# shellcheck source=/dev/null
. "$node/packages.sh"

services=$etc/services
haproxy_unit=stretched-services.service
table_unit=stretched-services-table.service
udp_unit=stretched-services-udp.service

has_proxy() { [ -s "$here/services.cfg" ]; }
has_udp() { [ -s "$here/services.conf" ]; }

install_what_services_need() {
    missing=''
    command -v nft >/dev/null || missing="$missing nftables"
    if has_udp && ! command -v conntrack >/dev/null; then
        if command -v apt-get >/dev/null; then missing="$missing conntrack"; else missing="$missing conntrack-tools"; fi
    fi
    if has_proxy && ! command -v haproxy >/dev/null; then
        # shellcheck disable=SC2086
        install_packages haproxy $missing
        # Disables the instance of HAProxy that the package starts.
        systemctl disable --quiet --now haproxy.service || :
    elif [ -n "$missing" ]; then
        # shellcheck disable=SC2086
        install_packages $missing
    fi
}

# SELinux lets HAProxy use only the ports of web servers, unless this boolean is on.
let_haproxy_use_any_port() {
    command -v getsebool >/dev/null || return 0
    if getsebool haproxy_connect_any 2>/dev/null | grep -q 'off$'; then
        setsebool -P haproxy_connect_any on || die "SELinux: the boolean haproxy_connect_any could not be set"
        : >"$services/added-to-selinux"
    fi
}

# Prints the addresses and ports at which HAProxy listens by the configuration in file $1, as lines ADDRESS PORT.
binds() {
    [ ! -e "$1" ] || awk '$1 == "bind" { sub(/^ipv6@/, "", $2); port = $2; sub(/.*:/, "", port); sub(/:[0-9]*$/, "", $2); print $2, port }' "$1"
}

# Succeeds if HAProxy listens at every address and port of the configuration in file $1; prints those where it does not.
all_listen() {
    ss -Hltnp >"$services/.listening"
    binds "$1" | awk -v listening="$services/.listening" '
        BEGIN {
            while ((getline line < listening) > 0) {
                split(line, word, " ")
                gsub(/[][]/, "", word[4])
                if (line ~ /"haproxy"/) ours[word[4]]
            }
        }
        !(($1 ":" $2) in ours) { print "  our HAProxy does not listen at " $1 " port " $2; missing = 1 }
        END { exit missing }
    '
}

await_listening() {
    tries=0
    until all_listen "$1" >"$services/.silent"; do
        tries=$((tries + 1))
        [ $tries -lt 40 ] && systemctl is-active --quiet $haproxy_unit || return 1
        sleep 0.25
    done
}

# unit_on UNIT FILE: installs a unit, and sets fresh=yes if it was another one before. It is called in conditions, as all that
# bring_about calls: the shell ignores errexit there.
unit_on() {
    fresh=no
    put "$units/$1" 644 cat "$here/$2"
    [ $fresh = no ] || systemctl daemon-reload || return 1
    systemctl enable --quiet "$1"
}

# A reload hands the listening sockets over; the old process keeps its connections until they end.
proxy_on() {
    unit_on $haproxy_unit services.service || return 1
    if systemctl is-active --quiet $haproxy_unit; then
        systemctl reload $haproxy_unit || return 1
    else
        systemctl restart $haproxy_unit || return 1
    fi
    await_listening "$services/haproxy.cfg"
}

proxy_off() {
    [ ! -e "$units/$haproxy_unit" ] || switch_off $haproxy_unit
}

# Ends connections to the addresses and ports on standard input, lines ADDRESS PORT.
cut_off() {
    while read -r address port; do
        # Without brackets, ss reads the last group of an IPv6 address as a port.
        case $address in *:*) address="[$address]" ;; esac
        ss -K -tn src "$address" sport = ":$port" >/dev/null 2>&1 || :
    done
}

# Ends connections to ports of removed services. File $1 has the addresses and ports at which HAProxy listened before.
end_removed() {
    binds "$services/haproxy.cfg" | sort >"$services/.now"
    sort "$1" | comm -23 - "$services/.now" | cut_off
    rm -f "$services/.now"
}

table_on() {
    unit_on $table_unit services-table.service || return 1
    tables_on "$node" || return 1
    sh "$services/udp.sh" load || return 1
    systemctl start $table_unit
}

table_off() {
    if [ -e "$units/$table_unit" ]; then
        switch_off $table_unit
    fi
    tables_off
    if command -v nft >/dev/null && nft list table inet stretched_services >/dev/null 2>&1; then
        nft delete table inet stretched_services
    fi
}

# The UDP watch reads its configuration again on each round, so only a change of its scripts or its unit needs a restart.
udp_on() {
    unit_on $udp_unit services-udp.service || return 1
    if [ $fresh = yes ] || [ $new_udp = yes ] || ! systemctl is-active --quiet $udp_unit; then
        systemctl restart $udp_unit || return 1
    fi
}

udp_off() {
    [ -e "$units/$udp_unit" ] || return 0
    switch_off $udp_unit
    sh "$services/udp.sh" stop
}

# Deletes the conntrack entries of ports that are not redirected any more, so that their packets are not forwarded any
# longer. File $1 is the previous services.conf.
forget_removed() {
    command -v conntrack >/dev/null || return 0
    { [ ! -e "$services/services.conf" ] || cat "$services/services.conf"; echo END; cat "$1"; } | awk '
        $1 == "END" { before = 1; next }
        !before { kept[$2, $3, $5] = 1; next }
        $4 != "here" && !(($2, $3, $5) in kept) { print $2, $3, $5 }
    ' | sort -u | while read -r protocol port address; do
        conntrack -D -p "$protocol" --orig-port-dst "$port" --reply-src "$address" -m 128/128 >/dev/null 2>&1 || :
    done
}

# Prints HAProxy's version as MAJOR.MINOR; nothing if it is not installed.
haproxy_version() {
    ! command -v haproxy >/dev/null || haproxy -v | sed -n 's/^HA-\{0,1\}Proxy version \([0-9]*\.[0-9]*\).*/\1/p'
}

# Prints the first name that cannot be resolved, of those that HAProxy resolves once, at its start.
check_names() {
    awk '$1 == "server" { sub(/^ipv6@/, "", $3); sub(/:[0-9]*$/, "", $3); if ($3 !~ /:/ && $3 ~ /[A-Za-z]/) print $3 }' "$1" |
        while read -r name; do
            getent hosts "$name" >/dev/null || { say "$name"; break; }
        done
}

bring_about() {
    table_on || return 1
    if [ -s "$services/services.conf" ]; then udp_on || return 1; else udp_off; fi
    if [ -s "$services/haproxy.cfg" ]; then proxy_on || return 1; else proxy_off; fi
}

running() {
    nft list table inet stretched_services >/dev/null 2>&1 || return 1
    if has_udp; then systemctl is-active --quiet $udp_unit || return 1; fi
    if has_proxy; then
        systemctl is-active --quiet $haproxy_unit && all_listen "$services/haproxy.cfg" >/dev/null || return 1
    fi
}

new_udp=no # yes if the scripts of the UDP watch have changed
parts="haproxy.cfg services.nft services.conf udp.sh udp.awk"

stage() {
    rm -rf "$services/.new"
    mkdir -p "$services/.new"
    sh "$here/services_udp.sh" addresses >"$services/.new/addresses"
    if grep -q '^ *bind public' "$here/services.cfg" && [ ! -s "$services/.new/addresses" ]; then
        die "this host has no address that clients from outside can use: nothing was changed"
    fi
    version=$(haproxy_version)
    case $version in
    1.* | 2.[012]) say "HAProxy $version has no keepalive times of its own: clients that are gone are noticed after the kernel's (tcp(7))" ;;
    esac
    awk -v version="$version" -f "$here/services.awk" file=1 "$services/.new/addresses" file=2 "$here/services.cfg" \
        >"$services/.new/haproxy.cfg"
    cp "$here/services.nft" "$here/services.conf" "$services/.new/"
    cp "$here/services_udp.sh" "$services/.new/udp.sh"
    cp "$here/services_udp.awk" "$services/.new/udp.awk"
    nft -c -f "$services/.new/services.nft" || die "nftables refused the rules (see above): nothing was changed"
    if has_proxy; then
        haproxy -c -q -f "$services/.new/haproxy.cfg" || die "haproxy refused its configuration (see above): nothing was changed"
        unknown=$(check_names "$services/.new/haproxy.cfg")
        [ -z "$unknown" ] || die "$unknown, the server of a service, cannot be resolved: nothing was changed"
    fi
    rm -rf "$services/.before"
    mkdir "$services/.before"
    for part in $parts; do
        if [ -e "$services/$part" ]; then cp "$services/$part" "$services/.before/"; else : >"$services/.before/$part"; fi
        chmod 644 "$services/.new/$part" "$services/.before/$part"
        sync "$services/.new/$part" "$services/.before/$part"
    done
}

# Moves the files of directory $1, which are whole, to where they are in force: this needs no space.
take() {
    for part in $parts; do
        mv -f "$1/$part" "$services/$part" || die "$services/$part was not replaced"
    done
}

same() {
    for part in $parts; do
        cmp -s "$services/.new/$part" "$services/$part" || return 1
    done
    if has_proxy; then cmp -s "$here/services.service" "$units/$haproxy_unit" || return 1; fi
}

apply() {
    install_what_services_need
    mkdir -p "$services"
    stage
    if same && running; then
        tidy
        say "services: nothing to change"
        return 0
    fi
    ! has_proxy || let_haproxy_use_any_port
    binds "$services/haproxy.cfg" >"$services/.binds"
    cmp -s "$services/.new/udp.sh" "$services/udp.sh" && cmp -s "$services/.new/udp.awk" "$services/udp.awk" || new_udp=yes
    take "$services/.new"
    if ! bring_about; then
        [ ! -s "$services/.silent" ] || cat "$services/.silent" >&2
        journalctl -q -n 20 -o cat -u $haproxy_unit -u $udp_unit -u $table_unit >&2 || :
        if [ -s "$services/.before/services.nft" ]; then
            take "$services/.before"
            bring_about || say "the previous services did not come up either; see: journalctl -u $haproxy_unit" >&2
            tidy
            die "the changed services did not come up (see above); the previous ones are in force again"
        fi
        all_off
        die "the services did not come up (see above); they were removed again"
    fi
    end_removed "$services/.binds"
    forget_removed "$services/.before/services.conf"
    tidy
    say "services: $(grep -c '^listen' "$services/haproxy.cfg" || :) by HAProxy, $(cut -d' ' -f1 "$services/services.conf" | sort -u | wc -l) redirected by nftables"
}

tidy() {
    rm -rf "$services/.new" "$services/.before" "$services/.binds" "$services/.listening" "$services/.silent"
}

all_off() {
    binds "$services/haproxy.cfg" >"$services/.binds"
    proxy_off
    cut_off <"$services/.binds"
    udp_off
    table_off
    if [ -s "$services/services.conf" ]; then
        mv "$services/services.conf" "$services/.conf"
        forget_removed "$services/.conf"
    fi
    if [ -e "$services/added-to-selinux" ]; then
        setsebool -P haproxy_connect_any off || :
    fi
    rm -rf "$services"
    rmdir "$etc" 2>/dev/null || :
}

case ${1:-} in
apply)
    begin_with services "$(bundle_name)"
    lock "$@"
    [ -e "$here/services.nft" ] || die "there is no $here/services.nft: run pulumi up --refresh"
    apply
    settle services "$(bundle_name)"
    ;;
remove)
    lock "$@"
    only_as "${2:-}"
    mkdir -p "$services"
    all_off
    drop services
    say "services: removed"
    ;;
*)
    die "usage: services.sh apply, or remove NODE"
    ;;
esac

#!/bin/sh
# services_udp.sh load|run|stop|addresses: manages the services whose packets nftables redirects.
#   load  loads the whole table, by the present state of the servers
#   run   probes the servers over wg0 every two seconds, removes dead ones from the table, and enables forwarding
#   stop  disables forwarding where only services needed it
#   addresses  prints the addresses of this host that clients from outside can use
set -eu
umask 077

etc=${STRETCHED_ETC:-/etc/stretched}/services
run=${STRETCHED_RUN:-/run/stretched-services-udp}
proc=${STRETCHED_PROC:-/proc/sys/net/ipv4}
tick=2 # seconds between probes, and the timeout of a probe

look() {
    : >"$run/seen"
    sleep "$tick" &
    awk '$4 == "near" || $4 == "far" { print "server", $5 } $4 == "here" && $5 == "program" { print $2, $6 }' \
        "$etc/services.conf" | sort -u >"$run/probed"
    while read -r word what; do
        case $word in
        server) probe "$what" & ;;
        *) listens "$word" "$what" ;;
        esac
    done <"$run/probed"
    wait
}

probe() {
    if ping -n -q -c 1 -W "$tick" "$1" >/dev/null 2>&1; then
        echo "$1 up" >>"$run/seen"
    else
        echo "$1 down" >>"$run/seen"
    fi
}

# Checks whether a program of this host listens. It is dead if it listened once and does not any more. The port of a pod
# is not visible here.
listens() {
    kind=-u
    [ "$1" = udp ] || kind=-t
    if ss -Hln $kind "sport = :$2" | grep -q .; then
        echo "$1:$2 up" >>"$run/seen"
    else
        echo "$1:$2 down" >>"$run/seen"
    fi
}

judge() {
    touch "$run/state"
    awk -v what=judge -f "$etc/udp.awk" file=1 "$run/state" file=3 "$run/seen" >"$run/state.new"
    # Deletes conntrack entries of servers that died, so that packets of their connections go to another one.
    sort "$run/state" >"$run/before"
    awk '$2 == "dead" { print $1 }' "$run/state.new" | while read -r server; do
        if ! grep -q "^$server dead " "$run/before"; then
            echo "$server is dead"
            case $server in
            *:*) ;;
            *) conntrack -D -p udp --reply-src "$server" -m 128/128 >/dev/null 2>&1 || : ;;
            esac
        fi
    done
    mv "$run/state.new" "$run/state"
}

fill() {
    { mkdir -p "$run" && touch "$run/state" "$run/opened"; } || return 1
    awk -v what=fill -f "$etc/udp.awk" file=1 "$run/state" file=2 "$etc/services.conf" file=4 "$run/opened"
}

load() {
    if [ -s "$etc/services.conf" ]; then
        filled=$(fill) || return 1 # a pipeline hides a failure
        printf '%s\n' "$filled" | cat "$etc/services.nft" - | nft -f -
    else
        nft -f "$etc/services.nft"
    fi
}

settle() {
    fill >"$run/fill.new"
    if ! cmp -s "$run/fill.new" "$run/fill" || ! nft get element inet stretched_services settled '{ 1 }' >/dev/null 2>&1; then
        # services.sh may be changing the table now; the next round follows soon.
        nft -f "$run/fill.new" 2>/dev/null || { load || :; return 0; }
        mv "$run/fill.new" "$run/fill"
    fi
}

flag() {
    echo "$proc/conf/$1/forwarding"
}

# Prints a line of ip(8) for each address of devices that clients from outside can use. Takes further arguments for ip.
outer() {
    ip -o "$@" addr show scope global | awk '
        $2 !~ /^(lo|wg0|docker0|kube-ipvs0|nodelocaldns|cni0|tunl0|virbr.*|br-.*|cali.*|lxc.*|cilium_.*|veth.*|flannel\..*|vxlan\..*)$/
    '
}

addresses() {
    outer | awk '!/ (deprecated|tentative|temporary) / { sub(/\/.*/, "", $4); print $4 }'
}

devices() {
    echo wg0
    outer -4 | awk '{ print $2 }' | sort -u
}

# Records the devices on which forwarding must be enabled; the kernel checks the flag of the incoming device. If the host
# forwards anyway, as a node of Kubernetes does, there are none. Otherwise the table lets these devices forward packets of
# services only.
forward() {
    touch "$run/opened"
    if [ "$(cat "$proc/ip_forward")" = 1 ]; then
        : >"$run/opened"
    elif grep -qE ' (near|far|target) ' "$etc/services.conf"; then
        for device in $(devices); do
            if [ -e "$(flag "$device")" ] && [ "$(cat "$(flag "$device")")" = 0 ]; then
                grep -qxF "$device" "$run/opened" || echo "$device" >>"$run/opened"
            fi
        done
    fi
}

open_devices() {
    while read -r device; do
        [ ! -e "$(flag "$device")" ] || echo 1 >"$(flag "$device")"
    done <"$run/opened"
}

stop() {
    [ -d "$run" ] || return 0
    if [ "$(cat "$proc/ip_forward")" = 0 ] && [ -e "$run/opened" ]; then
        while read -r device; do
            [ "$device" != wg0 ] || ! systemctl is-active --quiet stretched-relay.service || continue
            [ ! -e "$(flag "$device")" ] || echo 0 >"$(flag "$device")"
        done <"$run/opened"
    fi
    rm -rf "$run"
}

case ${1:-} in
load) load ;;
run)
    mkdir -p "$run"
    while :; do
        forward
        settle
        open_devices
        look
        judge
    done
    ;;
stop) stop ;;
addresses) addresses ;;
*)
    echo "usage: services_udp.sh load|run|stop|addresses" >&2
    exit 1
    ;;
esac

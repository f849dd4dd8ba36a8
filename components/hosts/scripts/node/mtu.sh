# shellcheck shell=sh disable=SC2154
# Manages routes with a lower MTU, for nodes whose path MTU is less than wg0's MTU. Sourced, never run.

mtu_routes=$etc/mtu.routes
mtu_unit=stretched-mtu.service

# Measures the path to every peer and sets the routes. Fails if a path carries less than the least MTU of wg0.
mtu_fit() {
    ip route flush cache # the path MTUs that the kernel learned earlier may be outdated
    new_routes=$(mktemp)
    status=0
    ours components.hosts.paths.fit "$conf" "$mtu_routes" >"$new_routes" || status=$?
    [ "$status" = 0 ] || [ "$status" = 3 ] || { rm -f "$new_routes"; die "the paths over wg0 cannot be measured (see above)"; }
    mtu_take_over "$new_routes"
    [ "$status" = 0 ] || die "the MTU of a path is too small (see above)"
}

# Removes the routes of nodes that wg0.conf does not have any more.
mtu_prune() {
    [ -e "$mtu_routes" ] || return 0
    new_routes=$(mktemp)
    while read -r line; do
        address=$(printf '%s\n' "$line" | awk '{ print $3 }')
        if grep '^AllowedIPs' "$conf" | grep -qF " $address"; then
            printf '%s\n' "$line"
        fi
    done <"$mtu_routes" >"$new_routes"
    mtu_take_over "$new_routes"
}

# Applies the routes in file $1, now and at every boot, and removes the file.
mtu_take_over() {
    if [ ! -s "$1" ]; then
        rm -f "$1"
        mtu_off
        return 0
    fi
    mkdir -p "$etc"
    fresh=no
    put "$mtu_routes" 644 cat "$1"
    put "$units/$mtu_unit" 644 cat "$here/mtu.service"
    rm -f "$1"
    if [ $fresh = no ] && systemctl is-active --quiet $mtu_unit &&
        [ "$(ip route show dev wg0 proto 83 | wc -l)" = "$(wc -l <"$mtu_routes")" ]; then
        return 0
    fi
    switch_on $mtu_unit "the routes cannot be set"
    say "mtu: $(wc -l <"$mtu_routes") routes have a lower MTU than wg0"
}

mtu_off() {
    [ -e "$units/$mtu_unit" ] || return 0
    switch_off $mtu_unit "$mtu_routes"
    say "mtu: all paths carry wg0's MTU"
}

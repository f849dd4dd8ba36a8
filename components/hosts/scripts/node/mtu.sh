# shellcheck shell=sh disable=SC2154
# Routes with a lower MTU, for the nodes whose path carries less than wg0's. Sourced, never run.

mtu_routes=$etc/mtu.routes
mtu_unit=stretched-mtu.service

# Asks every peer, and makes the routes as the paths are. Fails where a path carries less than wg0 may have.
mtu_fit() {
    ip route flush cache # what was learned of paths earlier may not hold any more
    found=$(mktemp)
    status=0
    ours components.hosts.paths.fit "$conf" "$mtu_routes" >"$found" || status=$?
    [ "$status" = 0 ] || [ "$status" = 3 ] || { rm -f "$found"; die "the paths over wg0 cannot be measured (see above)"; }
    mtu_take_over "$found"
    [ "$status" = 0 ] || die "a path is too narrow (see above)"
}

# Drops the routes of nodes that wg0.conf does not have any more.
mtu_prune() {
    [ -e "$mtu_routes" ] || return 0
    found=$(mktemp)
    while read -r line; do
        address=$(printf '%s\n' "$line" | awk '{ print $3 }')
        if grep '^AllowedIPs' "$conf" | grep -qF " $address"; then
            printf '%s\n' "$line"
        fi
    done <"$mtu_routes" >"$found"
    mtu_take_over "$found"
}

# Puts the routes in file $1 in force, now and at every boot, and removes the file.
mtu_take_over() {
    if [ ! -s "$1" ]; then
        rm -f "$1"
        mtu_off
        return 0
    fi
    mkdir -p "$etc"
    fresh=no
    changed "$mtu_routes" <"$1" && fresh=yes
    changed "$units/$mtu_unit" <"$here/mtu.service" && fresh=yes
    rm -f "$1"
    if [ $fresh = no ] && systemctl is-active --quiet $mtu_unit &&
        [ "$(ip route show dev wg0 proto 83 | wc -l)" = "$(wc -l <"$mtu_routes")" ]; then
        return 0
    fi
    switch_on $mtu_unit "the routes cannot be set"
    say "mtu: $(wc -l <"$mtu_routes") routes have the MTU of their path"
}

mtu_off() {
    [ -e "$units/$mtu_unit" ] || return 0
    switch_off $mtu_unit "$mtu_routes"
    say "mtu: all paths carry wg0's"
}

#!/bin/sh
# shellcheck disable=SC2154
# tunnel.sh grow, prune, or remove NODE: this host's side of the mesh.
#   grow    apply the new configuration, but keep what it no longer has: peers, nodes beyond them, the role of a relay;
#           secrets are read from standard input
#   prune   remove what the configuration no longer has
#   remove  remove wg0 and its keys
# The interface never goes down for a change: peers, addresses and MTU are changed in place. A change that fails is
# rolled back. grow and prune may be repeated.
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$here/relay.sh"
# shellcheck source=/dev/null
. "$here/mtu.sh"
# shellcheck source=/dev/null
. "$here/names.sh"
# shellcheck source=/dev/null
. "$here/failover.sh"
# shellcheck source=/dev/null
. "$here/others.sh"
# shellcheck source=/dev/null
. "$here/firewall_rules.sh"
# shellcheck source=/dev/null
. "$here/homes.sh"

header="# stretched: written by pulumi up, and again by the next one"

# Prints the values of a setting of the interface, whose name is in small letters. The file may have been changed by hand.
setting() {
    awk -v name="$1" '
        { key = tolower($1); sub(/=.*/, "", key); sub(/#.*/, "") }
        key == name && /=/ { sub(/^[^=]*=[ \t]*/, ""); gsub(/[ \t]*,[ \t]*|[ \t]+$/, " "); sub(/ $/, ""); print }
    ' "$conf"
}

addresses_of_wg0() {
    ip -o -4 address show dev wg0 | awk '{ print $4 }'
}

declared_addresses() {
    setting address | tr ' ' '\n' | grep -v :
}

# Sets the addresses that the file declares, and removes all others. If the first address of a subnet is removed, the kernel
# removes the other ones of this subnet too unless it may promote one, and with the last address all routes over wg0.
set_addresses() {
    { echo 1 >/proc/sys/net/ipv4/conf/wg0/promote_secondaries; } 2>/dev/null || :
    for address in $(declared_addresses); do
        ip address replace "$address" dev wg0 || return 1
    done
    for address in $(addresses_of_wg0); do
        declared_addresses | grep -qxF "$address" || ip address del "$address" dev wg0 || return 1
    done
    # Once more, for a host that did not let us write this sysctl.
    for address in $(declared_addresses); do
        ip address replace "$address" dev wg0 || return 1
    done
}

# Applies the file to the running interface: keys, port and peers (wg syncconf keeps sessions), then MTU and addresses.
apply_running() {
    stripped=$(mktemp /etc/wireguard/.stretched.XXXXXX) || return 1
    wg-quick strip wg0 >"$stripped" && wg syncconf wg0 "$stripped"
    status=$?
    rm -f "$stripped"
    [ "$status" = 0 ] || return 1
    watch_settle || return 1
    mtu=$(setting mtu)
    # shellcheck disable=SC2086
    ip link set wg0 ${mtu:+mtu $mtu} up || return 1
    set_addresses
}

# agree WHAT VALUE WANTED: checks one property of wg0, and names it if it is another one than the file declares.
agree() {
    [ "$2" = "$3" ] || { say "wg0: $1: ${2:-none}, not $3" >&2; return 1; }
}

# Checks whether wg0 is as the file says: key, number of peers, port, MTU, addresses, and the routes to their networks.
healthy() {
    agree "public key" "$(wg show wg0 public-key)" "$(setting privatekey | wg pubkey)" || return 1
    agree "peers" "$(wg show wg0 peers | grep -c .)" "$(grep -ci '^\[peer\]' "$conf")" || return 1
    port=$(setting listenport)
    [ -z "$port" ] || agree "port" "$(wg show wg0 listen-port)" "$port" || return 1
    mtu=$(setting mtu)
    [ -z "$mtu" ] || agree "MTU" "$(ip -o link show dev wg0 | sed 's/.* mtu \([0-9]*\) .*/\1/')" "$mtu" || return 1
    agree "addresses" "$(addresses_of_wg0 | sort | paste -s -d ' ')" "$(declared_addresses | sort | paste -s -d ' ')" || return 1
    for address in $(declared_addresses); do
        [ "${address#*/}" = 32 ] ||
            ip -4 route show dev wg0 scope link src "${address%/*}" | grep -q . ||
            { say "wg0: there is no route to the network of its address $address" >&2; return 1; }
    done
}

start_or_apply() {
    systemctl is-enabled --quiet wg-quick@wg0 2>/dev/null || systemctl enable --quiet wg-quick@wg0 || return 1
    if [ -e /sys/class/net/wg0 ]; then
        apply_running && healthy
    else
        systemctl restart wg-quick@wg0 && healthy
    fi
}

# Installs the new file $1 and applies it; restores the old one if that fails.
take_over() {
    new=$1
    if [ -e "$conf" ] && cmp -s "$new" "$conf" && [ -e /sys/class/net/wg0 ] && healthy; then
        rm -f "$new"
        say "wg0: nothing to change"
        return 0
    fi
    previous=/etc/wireguard/.stretched.previous
    rm -f "$previous"
    [ ! -e "$conf" ] || cp -p "$conf" "$previous"
    swap_in "$new" "$conf" 600
    if start_or_apply; then
        rm -f "$previous"
        say "wg0: $(wg show wg0 peers | wc -l) peers"
        return 0
    fi
    if [ -e "$previous" ]; then
        mv -f "$previous" "$conf"
        start_or_apply ||
            die "the new wg0 configuration was refused, and the previous one did not come up again either (see above, and journalctl -u wg-quick@wg0)"
        die "the new wg0 configuration was refused (see above); the previous one is in force again"
    fi
    journalctl -q -n 20 -o cat -u wg-quick@wg0 >&2 || :
    systemctl disable --quiet --now wg-quick@wg0 2>/dev/null || :
    rm -f "$conf"
    die "wg0 did not come up (see above); it was removed again"
}

# Prints the path of a new temporary file. Files beside wg0.conf contain its keys, so leftovers are removed first.
fresh_file() {
    mkdir -p /etc/wireguard # 0700 by the umask
    rm -f /etc/wireguard/.stretched.*
    mktemp /etc/wireguard/.stretched.XXXXXX
}

# Prints the new configuration; its secrets come from standard input.
with_secrets() {
    say "$header" && awk -f "$here/secrets.awk" - "$here/wg0.public.conf"
}

case ${1:-} in
grow)
    lock "$@"
    at_end 'rm -f /etc/wireguard/.stretched.*'
    new=$(fresh_file)
    with_secrets >"$new"
    grep -q '^PrivateKey = .' "$new" || die "no private key was received on standard input"
    if [ -e "$conf" ]; then
        whole=$(mktemp /etc/wireguard/.stretched.XXXXXX)
        awk -f "$here/leaving.awk" "$new" "$conf" >"$whole"
        mv -f "$whole" "$new"
    fi
    firewall_follows
    watch_pause
    take_over "$new"
    ! is_relay || relay_on
    ! has_names || names_on
    # The watch follows the new configuration at once, not at the prune: with the old one it would contradict wg0.conf.
    if has_watch; then watch_on; else watch_off; fi
    ;;
prune)
    lock "$@"
    [ -e "$conf" ] || die "there is no $conf: run pulumi up --refresh"
    at_end 'rm -f /etc/wireguard/.stretched.*'
    new=$(fresh_file)
    awk -f "$here/secrets_in_force.awk" "$conf" | with_secrets >"$new"
    grep -q '^PrivateKey = .' "$new" || die "$conf has no private key in the form in which it was written: run pulumi up --refresh"
    watch_pause
    take_over "$new"
    if has_watch; then watch_on; else watch_off; fi
    is_relay || relay_off
    mtu_prune
    has_names || names_off
    firewall_follows
    as_user "$login" forget_first_layout || say "uploads of an earlier version stay in the home of $login" >&2
    ;;
remove)
    lock "$@"
    only_as "${2:-}"
    names_off
    watch_pause
    watch_off
    relay_off
    mtu_off
    systemctl disable --quiet --now wg-quick@wg0 2>/dev/null || :
    rm -f "$conf" /etc/wireguard/.stretched.*
    [ ! -e /sys/class/net/wg0 ] || ip link del wg0
    rmdir /etc/wireguard 2>/dev/null || :
    say "wg0: removed"
    ;;
*)
    die "usage: tunnel.sh grow, prune, or remove NODE"
    ;;
esac

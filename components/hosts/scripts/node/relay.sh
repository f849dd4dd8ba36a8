# shellcheck shell=sh disable=SC2154
# Manages forwarding between peers of wg0, if the configuration makes this host a relay. firewalld and ufw are told by
# others.sh. Sourced, never run.

relay_unit=stretched-relay.service

is_relay() {
    grep -q '^# relay:' "$here/wg0.public.conf"
}

# Prints the table of a relay.
relay_rules() {
    awk '$1 == "Address" { print "define mesh = " $3 }' "$here/wg0.public.conf" && cat "$here/relay.nft"
}

relay_on() {
    mkdir -p "$etc"
    fresh=no
    put "$etc/relay.nft" 644 relay_rules
    put "$units/$relay_unit" 644 cat "$here/relay.service"
    tables_on "$here"
    if [ $fresh = no ] && systemctl is-active --quiet $relay_unit && nft list table inet stretched >/dev/null 2>&1 &&
        [ "$(cat /proc/sys/net/ipv4/conf/wg0/forwarding)" = 1 ]; then
        return 0
    fi
    switch_on $relay_unit "forwarding between peers cannot be enabled"
    say "relay: this host forwards between peers of wg0"
}

relay_off() {
    [ -e "$units/$relay_unit" ] || return 0
    systemctl disable --quiet --now $relay_unit || :
    take_away "$units/$relay_unit" "$etc/relay.nft"
    tables_off
    say "relay: this host does not forward between peers any more"
}

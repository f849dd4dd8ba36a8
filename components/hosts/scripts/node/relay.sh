# shellcheck shell=sh disable=SC2154
# Forwarding between peers of wg0, where the configuration has this host's peers reach each other through it.
# Sourced, never run.

relay_unit=stretched-relay.service
relay_added=$etc/added-to-firewalld

is_relay() {
    grep -q '^# relay:' "$here/wg0.public.conf"
}

relay_on() {
    mkdir -p "$etc"
    fresh=no
    { awk '$1 == "Address" { print "define mesh = " $3 }' "$here/wg0.public.conf"; cat "$here/relay.nft"; } |
        changed "$etc/relay.nft" && fresh=yes
    changed "$units/$relay_unit" <"$here/relay.service" && fresh=yes
    if firewalld_runs && ! firewall-cmd -q --permanent --zone=trusted --query-forward; then
        say "firewalld: forwarding inside the zone trusted, which wg0 is in"
        firewall-cmd -q --permanent --zone=trusted --add-forward || die "firewalld cannot forward inside a zone: it is too old"
        : >"$relay_added"
        firewall-cmd -q --reload
    fi
    if [ $fresh = no ] && systemctl is-active --quiet $relay_unit && nft list table inet stretched >/dev/null 2>&1 &&
        [ "$(cat /proc/sys/net/ipv4/conf/wg0/forwarding)" = 1 ]; then
        return 0
    fi
    switch_on $relay_unit "forwarding between peers cannot be switched on"
    say "relay: peers of wg0 reach each other through this host"
}

relay_off() {
    [ -e "$units/$relay_unit" ] || return 0
    systemctl disable --quiet --now $relay_unit || :
    if [ -e "$relay_added" ] && firewalld_runs; then
        firewall-cmd -q --permanent --zone=trusted --remove-forward
        firewall-cmd -q --reload
    fi
    take_away "$units/$relay_unit" "$etc/relay.nft" "$relay_added"
    say "relay: nothing goes through this host any more"
}

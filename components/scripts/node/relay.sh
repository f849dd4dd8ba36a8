# shellcheck shell=sh disable=SC2154
# Forwarding between peers of wg0, where the configuration has this host's peers reach each other through it.
# Sourced, never run.

relay_directory=${STRETCHED_ETC:-/etc/stretched}
relay_unit=stretched-relay.service
relay_added=$relay_directory/added-to-firewalld

is_relay() {
    grep -q '^# relay:' "$here/wg0.public.conf"
}

# Puts standard input in the place of file $1; fails when that is what the file held already.
changed() {
    new=$(mktemp "$(dirname "$1")/.stretched.XXXXXX") # there it gets its SELinux label
    cat >"$new"
    if cmp -s "$new" "$1"; then
        rm -f "$new"
        return 1
    fi
    swap_in "$new" "$1" 644
}

relay_on() {
    mkdir -p "$relay_directory"
    fresh=no
    { awk '$1 == "Address" { print "define mesh = " $3 }' "$here/wg0.public.conf"; cat "$here/relay.nft"; } |
        changed "$relay_directory/relay.nft" && fresh=yes
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
    systemctl daemon-reload
    systemctl enable --quiet $relay_unit
    systemctl restart $relay_unit || die "forwarding between peers cannot be switched on; see: journalctl -u $relay_unit"
    say "relay: peers of wg0 reach each other through this host"
}

relay_off() {
    [ -e "$units/$relay_unit" ] || return 0
    systemctl disable --quiet --now $relay_unit || :
    if [ -e "$relay_added" ] && firewalld_runs; then
        firewall-cmd -q --permanent --zone=trusted --remove-forward
        firewall-cmd -q --reload
    fi
    rm -f "$units/$relay_unit" "$relay_directory/relay.nft" "$relay_added"
    rmdir "$relay_directory" 2>/dev/null || :
    systemctl daemon-reload
    say "relay: nothing goes through this host any more"
}

# shellcheck shell=sh disable=SC2154
# Makes the rules of our own nftables table, which a host has where a firewall is declared and no other one runs.
# Sourced after others.sh, never run.
#
# The declared facts are uploaded as a bundle of their own, in firewall.conf, one per line:
#   ssh RANGE, tcp PORT, udp PORT, mesh RANGE
# `mesh` makes no rule: the check against a lock-out reads it. $firewall/facts holds the facts in force, together with
# those that this host supplies:
#   sshport PORT, token TEXT

firewall_unit=stretched-firewall.service

# Prints the elements of the table's sets that change with the tunnels: UDP ports, and whether this host is a relay.
following() {
    whole_facts "$1" | sort -u | awk '
        $1 == "udp" { print "add element inet stretched_firewall udp_ports { " $2 " }" }
        $1 == "relay" { print "add element inet stretched_firewall relay { " $2 " }" }
    '
}

# Prints our nftables table with the facts in file $1.
firewall_table() {
    cat "$here/firewall.nft"
    sort -u "$1" | awk '
        BEGIN { set["tcp"] = "tcp_ports"; set["sshport"] = "ssh_ports" }
        $1 == "ssh" { name = ($2 ~ /:/) ? "ssh_from_6" : "ssh_from_4" }
        $1 in set { name = set[$1] }
        name != "" { print "add element inet stretched_firewall " name " { " $2 " }"; name = "" }
        $1 == "token" { print "add chain inet stretched_firewall token_" $2 }
    '
    following "$1"
}

table_in_force() {
    nft list table inet stretched_firewall >/dev/null 2>&1
}

# Updates the table in force after a change of wg0's port or of the relay: the elements alone, in the rules that were
# confirmed. So it needs no confirmation, and a new version of the rules waits for one. A table that is gone comes back.
table_follows() {
    table=$firewall/.new
    # shellcheck disable=SC2015
    { grep -v '^add element inet stretched_firewall \(udp_ports\|relay\) ' "$firewall/rules.nft" && following "$firewall_facts"; } >"$table" ||
        die "$table cannot be written: the firewall stays as it is"
    if cmp -s "$table" "$firewall/rules.nft" && table_in_force; then
        rm -f "$table"
        return 0
    fi
    nft -c -f "$table" || die "nftables refused the firewall's rules (see above); the previous ones are in force"
    swap_in "$table" "$firewall/rules.nft" 600
    systemctl reload-or-restart $firewall_unit || die "the firewall could not be reloaded; see: journalctl -u $firewall_unit"
}

# Updates the firewalls of this host after a change of wg0's port, of the relay, or of the devices.
firewall_follows() {
    others_follow
    if [ -e "$firewall/rules.nft" ]; then
        table_follows
    elif [ -e "$firewall_facts" ] && [ -z "$in_charge" ]; then
        say "firewall: neither firewalld nor ufw is running any more" >&2
    fi
}

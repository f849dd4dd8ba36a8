# shellcheck shell=sh disable=SC2034,SC2154
# The firewalls of a host that are not ours, firewalld and ufw: what the mesh and the cluster need is opened in those that
# run, always; the section `firewall` adds to it. Sourced after relay.sh, never run.
#
# Facts are lines of a keyword and a value. The mesh's are in open.conf of the bundle `node`:
#   udp PORT, device NAME (accept everything from it), pods NAME (accept everything from it, and forward; * is a pattern)
# firewall_rules.sh describes the declared ones. This host adds: relay wg0, sshport PORT.

opened=$etc/opened                # what we added to other firewalls
firewall=$etc/firewall
firewall_facts=$firewall/facts    # the declared facts in force
hook_service=stretched-open.service
hook_path=stretched-open.path

# without LINES OTHERS: prints the lines of the first text that the second one does not have.
without() {
    say "$1" | others_lines="$2" awk '
        BEGIN { count = split(ENVIRON["others_lines"], line, "\n"); for (i = 1; i <= count; i++) has[line[i]] }
        $0 != "" && !($0 in has)
    '
}

# both LINES OTHERS: prints the lines that both texts have.
both() {
    without "$1" "$(without "$1" "$2")"
}

in_a_line() {
    say "$1" | awk '$0 != "" { printf "%s%s", (n++ ? ", " : ""), $0 }'
}

# Prints the ports on which sshd listens, of this connection and by its configuration; 22 if neither is known.
ssh_ports() {
    {
        ssh_connection | awk '{ print $4 }'
        PATH=$PATH:/usr/sbin:/sbin sshd -T 2>/dev/null | awk '$1 == "listenaddress" { sub(/.*:/, ""); print }'
    } | sort -u | awk '{ print } END { if (!NR) print 22 }'
}

# shellcheck source=/dev/null
. "$here/firewalld.sh"
# shellcheck source=/dev/null
. "$here/ufw.sh"
# shellcheck source=/dev/null
. "$here/login.sh"

# whole_facts [FILE]: prints the mesh's facts, those of the file, and those that follow from the state of this host: the
# former port until wg0 has left it, and the role of a relay until it is pruned.
whole_facts() {
    cat "$here/open.conf"
    [ ! -e "${1:-}" ] || cat "$1"
    [ ! -e "$conf" ] || awk '$1 == "ListenPort" { print "udp", $3 }' "$conf"
    if is_relay || [ -e "$units/$relay_unit" ]; then
        say "relay wg0"
    fi
}

# others_follow [all]: brings every other firewall that runs to the facts in force. Without `all` nothing is removed that
# could let SSH in, so this needs no confirmation. Sets in_charge to their names.
others_follow() {
    in_charge=
    facts_text=$(whole_facts "$firewall_facts") || exit 1
    if firewalld_runs; then
        open_in_firewalld "$facts_text" "$@"
        in_charge=" firewalld"
    fi
    if ufw_runs; then
        open_in_ufw "$facts_text" "$@"
        in_charge="$in_charge ufw"
    fi
}

# Applies the facts also when firewalld starts, or ufw is switched on, later.
hook_on() {
    fresh=no
    for unit in $hook_service $hook_path; do
        put "$units/$unit" 644 cat "$here/${unit#stretched-}"
    done
    [ $fresh = yes ] || return 0
    systemctl daemon-reload
    systemctl enable --quiet $hook_service $hook_path
    systemctl restart $hook_path || die "the unit that waits for another firewall does not start; see: journalctl -u $hook_path"
}

# Removes all that we added to other firewalls.
close_others() {
    if [ -e "$units/$hook_service" ]; then
        systemctl disable --quiet --now $hook_path $hook_service || :
        take_away "$units/$hook_service" "$units/$hook_path"
    fi
    close_in_firewalld
    close_in_ufw
    rm -rf "$opened"
    rmdir "$etc" 2>/dev/null || :
}

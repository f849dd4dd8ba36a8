#!/bin/sh
# firewall.sh apply FACTS TOKEN, confirm TOKEN, or remove NODE: manages which traffic this host accepts from outside wg0.
#   apply    loads the new rules, and rolls them back after two minutes unless they are confirmed
#   confirm  keeps the rules, across reboots too. It runs over a new SSH connection, which proves that the rules let
#            SSH in. TOKEN identifies the rules, FACTS names the bundle with the declared facts
#   remove   removes the firewall
# Where firewalld or ufw is in charge, rules are added through it, which does not lock anyone out.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$here/relay.sh"
# shellcheck source=/dev/null
. "$here/firewall_rules.sh"
# shellcheck source=/dev/null
. "$here/login.sh"
# shellcheck source=/dev/null
. "$here/packages.sh"
# shellcheck source=/dev/null
. "$here/homes.sh"

patience=${STRETCHED_PATIENCE:-120} # seconds
pending=$firewall/pending           # not in /run: SELinux lets nft read what lies below /etc
undo=stretched-firewall-undo
token=${2:-}
if [ "${1:-}" = apply ]; then
    token=${3:?TOKEN}
    declared_facts=$uploads/firewall/$2/firewall.conf
fi

# Prints the declared facts, the ports on which sshd listens, and the token.
facts() {
    cat "$declared_facts"
    {
        ssh_connection | awk '{ print $4 }'
        PATH=$PATH:/usr/sbin:/sbin sshd -T 2>/dev/null | awk '$1 == "listenaddress" { sub(/.*:/, ""); print }'
    } | sort -u | awk '{ print "sshport", $1 } END { if (!NR) print "sshport 22" }'
    say "token $token"
}

refuse_to_lock_out() {
    here_from=$(ssh_connection) || return 0 # not run over SSH
    here_from=${here_from%% *}
    # shellcheck disable=SC2046
    inside "$here_from" $(awk '$1 == "ssh" || $1 == "mesh" { print $2 }' "$declared_facts") ||
        die "firewall.ssh would lock Pulumi out, which comes from $here_from: nothing was changed. Add this address to firewall.ssh"
}

# Prints the established TCP connections as elements of the sets older_4 and older_6.
older_connections() {
    ss -Htn state established | awk '{
        ours = $3; theirs = $4
        sub(/.*:/, "", ours)
        port = theirs; sub(/.*:/, "", port)
        sub(/:[0-9]*$/, "", theirs); gsub(/[][]/, "", theirs); sub(/%.*/, "", theirs); sub(/^::ffff:/, "", theirs)
        print "add element inet stretched_firewall older_" ((theirs ~ /:/) ? 6 : 4) " { " theirs " . " port " . " ours " }"
    }'
}

in_force() {
    nft list chain inet stretched_firewall "token_$token" >/dev/null 2>&1
}

no_undoing() {
    systemctl stop $undo.timer $undo.service 2>/dev/null || :
}

load_until_confirmed() {
    no_undoing
    rm -rf "$pending"
    mkdir -p "$pending"
    facts >"$pending/facts"
    firewall_table "$pending/facts" >"$pending/rules.nft"
    nft -c -f "$pending/rules.nft" || die "nftables refused the rules (see above): nothing was changed"
    if [ -e "$firewall/rules.nft" ]; then
        cp "$firewall/rules.nft" "$pending/before.nft"
    else
        printf 'table inet stretched_firewall\ndelete table inet stretched_firewall\n' >"$pending/before.nft"
    fi
    # The rollback timer starts before the change.
    systemd-run --quiet --collect --unit=$undo --on-active="$patience" --timer-property=AccuracySec=1s \
        "$(command -v nft)" -f "$pending/before.nft" || die "systemd-run cannot set the timer that rolls the rules back: nothing was changed"
    if ! { cat "$pending/rules.nft" && older_connections; } | nft -f -; then
        no_undoing
        die "nftables could not load the rules (see above): nothing was changed"
    fi
    say "firewall: loaded. If no new SSH connection arrives within $patience seconds, the previous rules are restored"
}

keep() {
    swap_in "$pending/facts" "$firewall_facts" 600
    swap_in "$pending/rules.nft" "$firewall/rules.nft" 600
    rm -rf "$pending"
    put "$units/$firewall_unit" 644 cat "$here/firewall.service"
    switch_on "$firewall_unit" "the firewall's unit does not start"
    older_connections | nft -f -
}

remove_table() {
    no_undoing
    rm -rf "$pending" "$firewall/rules.nft"
    if [ -e "$units/$firewall_unit" ]; then
        switch_off "$firewall_unit"
    fi
    if command -v nft >/dev/null && nft list table inet stretched_firewall >/dev/null 2>&1; then
        nft delete table inet stretched_firewall
    fi
}

case ${1:-} in
apply)
    begin_with firewall "$2"
    lock "$@"
    [ -e "$declared_facts" ] || die "there is no $declared_facts: run pulumi up --refresh"
    refuse_to_lock_out
    mkdir -p "$firewall"
    new=$(mktemp "$firewall/.new.XXXXXX")
    facts >"$new"
    if through_others "$new"; then
        swap_in "$new" "$firewall_facts" 600
        remove_table
        ! firewalld_runs ||
            say "firewalld is in charge: SSH is open from where its zones say, which is NOT restricted to the ranges of firewall.ssh"
        settle firewall "$2"
        exit 0
    fi
    rm -f "$new"
    command -v nft >/dev/null || install_packages nftables
    if [ -e "$firewall/rules.nft" ] && grep -qxF "token $token" "$firewall_facts" && in_force; then
        say "firewall: nothing to change"
        settle firewall "$2"
        exit 0
    fi
    load_until_confirmed
    settle firewall "$2"
    ;;
confirm)
    lock "$@"
    no_undoing
    if [ ! -e "$pending/facts" ] && [ -e "$firewall_facts" ] && grep -qxF "token $token" "$firewall_facts"; then
        [ ! -e "$firewall/rules.nft" ] || in_force || systemctl restart "$firewall_unit"
        say "firewall: in force"
        exit 0
    fi
    if [ ! -e "$pending/facts" ] || ! in_force; then
        die "the firewall's new rules were rolled back, because no new SSH connection arrived in time: the previous rules are in" \
            "force. Check firewall.ssh and the way Pulumi reaches this host, then run pulumi up again"
    fi
    keep
    leave_others
    say "firewall: confirmed by a new connection and kept"
    ;;
remove)
    lock "$@"
    only_as "$token"
    remove_table
    forget_firewall
    drop firewall
    say "firewall: removed"
    ;;
*)
    die "usage: firewall.sh apply FACTS TOKEN, confirm TOKEN, or remove NODE"
    ;;
esac

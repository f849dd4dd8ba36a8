#!/bin/sh
# firewall.sh apply FACTS TOKEN, confirm TOKEN, restore, or remove NODE: manages which traffic this host accepts from
# outside wg0.
#   apply    loads the new rules, and rolls them back after two minutes unless they are confirmed
#   confirm  keeps the rules, across reboots too. It runs over a new SSH connection, which proves that the rules let
#            SSH in. TOKEN identifies the rules, FACTS names the bundle with the declared facts
#   restore  for the timer: brings firewalld and ufw back to the previous facts
#   remove   removes the firewall; what the mesh and the cluster need stays open in firewalld and ufw
# Where firewalld or ufw is in charge, the rules are changed in it, with the same way back: the previous facts.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$here/relay.sh"
# shellcheck source=/dev/null
. "$here/others.sh"
# shellcheck source=/dev/null
. "$here/firewall_rules.sh"
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
    ssh_ports | sed 's/^/sshport /'
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

# set_timer COMMAND...: has the command run after two minutes, unless no_undoing comes before. It starts before the change.
set_timer() {
    systemd-run --quiet --collect --unit=$undo --on-active="$patience" --timer-property=AccuracySec=1s "$@" ||
        die "systemd-run cannot set the timer that rolls the rules back: nothing was changed"
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
    set_timer "$(command -v nft)" -f "$pending/before.nft"
    if ! { cat "$pending/rules.nft" && older_connections; } | nft -f -; then
        no_undoing
        die "nftables could not load the rules (see above): nothing was changed"
    fi
    say "firewall: loaded. If no new SSH connection arrives within $patience seconds, the previous rules are restored"
}

# Changes the rules in firewalld or ufw. `restore` undoes it by the facts that were confirmed last, $pending/facts-before.
change_others_until_confirmed() {
    if [ ! -e "$pending/in-others" ]; then
        no_undoing
        rm -rf "$pending"
        mkdir -p "$pending"
        [ ! -e "$firewall_facts" ] || cp "$firewall_facts" "$pending/facts-before"
        : >"$pending/in-others"
    fi
    facts >"$pending/new"
    no_undoing
    set_timer /bin/sh "$here/firewall.sh" restore
    swap_in "$pending/new" "$firewall_facts" 600
    others_follow all
    say "firewall:$in_charge is in charge and has the rules. If no new SSH connection arrives within $patience seconds, the previous ones are restored"
}

restore_others() {
    if [ -e "$pending/facts-before" ]; then
        swap_in "$pending/facts-before" "$firewall_facts" 600
    else
        rm -f "$firewall_facts"
    fi
    others_follow all
    rm -rf "$pending"
    rmdir "$firewall" 2>/dev/null || :
}

keep() {
    swap_in "$pending/facts" "$firewall_facts" 600
    swap_in "$pending/rules.nft" "$firewall/rules.nft" 600
    rm -rf "$pending"
    put "$units/$firewall_unit" 644 cat "$here/firewall.service"
    tables_on "$here"
    switch_on "$firewall_unit" "the firewall's unit does not start"
    older_connections | nft -f -
}

remove_table() {
    rm -f "$firewall/rules.nft"
    if [ -e "$units/$firewall_unit" ]; then
        switch_off "$firewall_unit"
        tables_off
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
    if firewalld_runs || ufw_runs; then
        if [ ! -e "$pending/in-others" ] && [ -e "$firewall_facts" ] && grep -qxF "token $token" "$firewall_facts"; then
            no_undoing
            rm -rf "$pending"
            others_follow
        else
            change_others_until_confirmed
        fi
        remove_table
        ! firewalld_runs ||
            say "firewalld is in charge: SSH is open from where its zones say, which is NOT restricted to the ranges of firewall.ssh"
        settle firewall "$2"
        exit 0
    fi
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
    [ ! -e "$pending/in-others" ] || rm -rf "$pending"
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
    say "firewall: confirmed by a new connection and kept"
    ;;
restore)
    lock "$@"
    [ ! -e "$pending/in-others" ] || restore_others
    ;;
remove)
    lock "$@"
    only_as "$token"
    no_undoing
    remove_table
    rm -rf "$firewall"
    others_follow all
    rmdir "$etc" 2>/dev/null || :
    drop firewall
    say "firewall: removed"
    ;;
*)
    die "usage: firewall.sh apply FACTS TOKEN, confirm TOKEN, restore, or remove NODE"
    ;;
esac

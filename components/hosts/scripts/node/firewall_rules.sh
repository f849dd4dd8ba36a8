# shellcheck shell=sh disable=SC2154
# Makes the firewall's rules, for our own nftables table, or for firewalld or ufw where one of them runs.
# Sourced after relay.sh, never run.
#
# The declared facts are uploaded as a bundle of their own, in firewall.conf, one per line:
#   ssh RANGE, tcp PORT, udp PORT, mesh RANGE
# `mesh` makes no rule: the check against a lock-out reads it. $firewall/facts holds the facts in force, together with
# those that this host supplies:
#   sshport PORT, token TEXT

firewall=$etc/firewall
firewall_facts=$firewall/facts
firewall_unit=stretched-firewall.service
pod_devices='cali+ vxlan.+ flannel.+ cni0' # as firewalld and ufw write patterns; firewall.nft has the same

ufw_runs() {
    command -v ufw >/dev/null && LC_ALL=C ufw status 2>/dev/null | grep -q '^Status: active'
}

# Prints the facts in file $1 and those that follow from the configurations of wg0: the new one and the one in force.
whole_facts() {
    cat "$1"
    for file in "$here/wg0.public.conf" "$conf"; do
        [ ! -e "$file" ] || awk '$1 == "ListenPort" { print "udp", $3 }' "$file"
    done
    if is_relay || [ -e "$units/$relay_unit" ]; then
        say "relay wg0"
    fi
}

# Prints our nftables table with the facts in file $1.
firewall_table() {
    cat "$here/firewall.nft"
    whole_facts "$1" | sort -u | awk '
        BEGIN { set["udp"] = "udp_ports"; set["tcp"] = "tcp_ports"; set["sshport"] = "ssh_ports"; set["relay"] = "relay" }
        $1 == "ssh" { name = ($2 ~ /:/) ? "ssh_from_6" : "ssh_from_4" }
        $1 in set { name = set[$1] }
        name != "" { print "add element inet stretched_firewall " name " { " $2 " }"; name = "" }
        $1 == "token" { print "add chain inet stretched_firewall token_" $2 }
    '
}

# wanted_of_firewalld and wanted_of_ufw print the rules that follow from the facts in file $1: as arguments of
# firewall-cmd, and in the form in which `ufw show added` prints them (no /32). prepare.sh already opens WireGuard's port
# in firewalld and trusts wg0.
wanted_of_firewalld() {
    awk '$1 == "tcp" { print "--add-port=" $2 "/tcp" }' "$1" || return 1
    for device in $pod_devices; do
        say "--zone=trusted --add-interface=$device" || return 1
    done
}

wanted_of_ufw() {
    whole_facts "$1" | sort -u | awk -v devices="$pod_devices" '
        $1 == "udp" || $1 == "tcp" { print "allow " $2 "/" $1 }
        $1 == "sshport" { port[$2] }
        $1 == "ssh" { sub(/:.*\/128$|^[^:]*\/32$/, "&!", $2); sub(/\/[0-9]*!$/, "", $2); from[$2] }
        $1 == "relay" { print "route allow in on wg0 out on wg0" }
        END {
            for (p in port) for (range in from)
                print "allow " (range ~ /\/0$/ ? p "/tcp" : "from " range " to any port " p " proto tcp")
            print "allow in on wg0"
            count = split(devices, device, " ")
            for (i = 1; i <= count; i++) print "allow in on " device[i] "\nroute allow in on " device[i]
        }
    ' | sort
}

# in_firewalld and in_ufw, each with add|remove|query RULE: change one rule, or check whether it exists.
in_firewalld() {
    verb=$1
    shift
    # shellcheck disable=SC2046
    firewall-cmd -q --permanent $(say "$*" | sed "s/--add-/--$verb-/")
}

in_ufw() {
    verb=$1
    shift
    case $verb in
    # Ignores the rule's comment; `limit` counts as `allow`.
    query) LC_ALL=C ufw show added | sed "s/ comment '.*//; s/^ufw limit /ufw allow /" | grep -qxF "ufw $*" ;;
    add) LC_ALL=C ufw "$@" >/dev/null ;;
    remove)
        case $1 in
        route) shift && LC_ALL=C ufw --force route delete "$@" >/dev/null ;;
        *) LC_ALL=C ufw --force delete "$@" >/dev/null ;;
        esac
        ;;
    esac
}

# bring_about firewalld|ufw WANTED: adds the rules of file WANTED that are missing, and removes the rules that we added
# and that are not wanted any more. Rules that the administrator already had are never recorded as ours.
bring_about() {
    ours=$firewall/added-to-$1
    wanted=$2
    kept=$(mktemp "$firewall/.new.XXXXXX") || die "$ours cannot be written"
    [ -e "$ours" ] || : >"$ours" || die "$ours cannot be written"
    changes=0
    while read -r words; do
        if grep -qxF -e "$words" "$wanted"; then
            say "$words" >>"$kept" || die "$ours cannot be written: no rule was changed"
        else
            # shellcheck disable=SC2086
            "in_$1" remove $words </dev/null || say "$1: could not remove the rule: $words" >&2
            changes=$((changes + 1))
        fi
    done <"$ours"
    while read -r words; do
        # shellcheck disable=SC2086
        if ! "in_$1" query $words </dev/null; then
            "in_$1" add $words </dev/null || die "$1 refused the rule: $words"
            grep -qxF -e "$words" "$kept" || say "$words" >>"$kept" || die "$ours cannot be written; the rule was added: $words"
            changes=$((changes + 1))
        fi
    done <"$wanted"
    swap_in "$kept" "$ours" 600
    if [ $changes -gt 0 ]; then
        [ "$1" != firewalld ] || firewall-cmd -q --reload
        say "firewall: $1 is in charge: $changes rules changed in it"
    fi
}

# Applies the facts in file $1 through firewalld or ufw; fails if neither of them runs. It is called in conditions, where the
# shell ignores errexit, so it and bring_about check each step by itself.
through_others() {
    if firewalld_runs; then
        other=firewalld
    elif ufw_runs; then
        other=ufw
    else
        return 1
    fi
    mkdir -p "$firewall" || die "$firewall cannot be made"
    rules=$(mktemp "$firewall/.new.XXXXXX") || die "$firewall cannot be written: no rule of $other was changed"
    wanted_of_$other "$1" >"$rules" || die "$firewall cannot be written: no rule of $other was changed"
    bring_about $other "$rules"
    rm -f "$rules"
}

# Removes the rules that we added to firewalld and ufw.
leave_others() {
    for other in firewalld ufw; do
        [ -e "$firewall/added-to-$other" ] || continue
        if "${other}_runs"; then
            bring_about $other /dev/null
        else
            say "$other is not running, so these rules that we added stay in it: $(tr '\n' ';' <"$firewall/added-to-$other")" >&2
        fi
        rm -f "$firewall/added-to-$other"
    done
}

forget_firewall() {
    leave_others
    rm -rf "$firewall"
    rmdir "$etc" 2>/dev/null || :
}

# Updates a firewall that is in force after a change of wg0's port or of the relay. It needs no confirmation, because the
# rules for SSH stay the same.
firewall_follows() {
    [ -e "$firewall_facts" ] || return 0
    if [ ! -e "$firewall/rules.nft" ]; then
        through_others "$firewall_facts" || say "firewall: neither firewalld nor ufw is running any more" >&2
        return 0
    fi
    table=$(mktemp "$firewall/.new.XXXXXX")
    firewall_table "$firewall_facts" >"$table"
    if cmp -s "$table" "$firewall/rules.nft"; then
        rm -f "$table"
        return 0
    fi
    nft -c -f "$table" || die "nftables refused the firewall's rules (see above); the previous ones are in force"
    swap_in "$table" "$firewall/rules.nft" 600
    systemctl reload-or-restart $firewall_unit || die "the firewall could not be reloaded; see: journalctl -u $firewall_unit"
}

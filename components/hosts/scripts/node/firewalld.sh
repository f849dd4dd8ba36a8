# shellcheck shell=sh disable=SC2154
# Opens ports and trusts devices in firewalld, at run time and permanently, without a reload, which would drop what others
# added at run time. Sourced after others.sh, never run.
#
# A setting is a line ZONE KIND VALUE: `public port 51820/udp`, `trusted interface wg0`, `trusted forward yes`. The record
# $opened/firewalld has the settings that we added, each after the word `runtime` or `permanent`. A setting that was there
# before is not recorded: it is the administrator's, and stays.

record=$opened/firewalld
firewall_cmd=firewall-cmd

# Only firewalld's own answer `not running` means no. Everything else is an error: nothing is known about the host then.
firewalld_runs() {
    command -v firewall-cmd >/dev/null || return 1
    answer=$(firewall-cmd --state 2>&1) && return 0
    status=$?
    [ "$status" = 252 ] || die "firewall-cmd cannot say whether firewalld is running (exit status $status): $answer"
    return 1
}

# by_firewalld ARGUMENTS...: prints the output of firewall-cmd.
by_firewalld() {
    answer=$($firewall_cmd "$@" 2>&1) || die "firewalld refused: $firewall_cmd $*: $answer"
    say "$answer"
}

# Prints the settings in $1, an output of --list-all-zones.
settings_of_firewalld() {
    say "$1" | awk '
        /^[^ \t]/ { zone = $1 }
        $1 == "interfaces:" || $1 == "ports:" {
            for (i = 2; i <= NF; i++) print zone, substr($1, 1, length($1) - 2), $i
        }
        $1 == "forward:" && $2 == "yes" { print zone, "forward yes" }
    '
}

# zones_from_outside LISTING DEFAULT KNOWN: prints the zones that a packet from outside may enter by: the default zone, and
# those with an interface or a source; also those of KNOWN, whose interface may just be down. A zone that accepts everything
# needs no port, and sources that are dropped stay dropped.
zones_from_outside() {
    say "$1" | known="$3" awk -v default_zone="$2" '
        function flush() {
            if (zone != "" && target != "ACCEPT" &&
                (zone == default_zone || zone in had || interfaces || (sources && target !~ /DROP|REJECT/))) print zone
        }
        BEGIN { count = split(ENVIRON["known"], name, "\n"); for (i = 1; i <= count; i++) had[name[i]] }
        /^[^ \t]/ { flush(); zone = $1; interfaces = sources = 0 }
        $1 == "target:" { target = $2 }
        $1 == "interfaces:" { interfaces = NF > 1 }
        $1 == "sources:" { sources = NF > 1 }
        END { flush() }
    '
}

# wanted_of_firewalld FACTS ZONES: prints the settings that follow from the facts.
wanted_of_firewalld() {
    say "$1" | zones="$2" awk '
        BEGIN { count = split(ENVIRON["zones"], zone, "\n") }
        $1 == "udp" || $1 == "tcp" { for (i = 1; i <= count; i++) print zone[i], "port", $2 "/" $1 }
        $1 == "device" || $1 == "pods" { sub(/\*$/, "+", $2); print "trusted interface", $2 }
        $1 == "relay" { print "trusted forward yes" }
    ' | sort -u
}

# possible SETTINGS LISTING: prints the settings whose zone exists, and whose device the administrator has not bound to
# another zone. wg0 is ours: it is moved.
possible() {
    say "$1" | listing="$2" awk '
        BEGIN {
            count = split(ENVIRON["listing"], line, "\n")
            for (i = 1; i <= count; i++) {
                words = split(line[i], word, " ")
                if (line[i] ~ /^[^ \t]/) { zone = word[1]; exists[zone] }
                if (word[1] == "interfaces:") for (j = 2; j <= words; j++) of[word[j]] = zone
            }
        }
        ($1 in exists) && ($2 != "interface" || $3 == "wg0" || !($3 in of) || of[$3] == $1)
    '
}

# change_firewalld MODE add|remove SETTINGS: changes settings, in one call for each zone and kind.
change_firewalld() {
    [ -n "$3" ] || return 0
    option=
    [ "$1" != permanent ] || option=--permanent
    calls=$(say "$3" | sort | awk -v verb="$2" '
        $1 " " $2 != group { printf "%s--zone=%s", (NR > 1 ? "\n" : ""), $1; group = $1 " " $2 }
        {
            word = (verb == "add" && $2 == "interface") ? "change" : verb # wg0 may be in the default zone
            printf " --%s-%s%s", word, $2, ($2 == "forward" ? "" : "=" $3)
        }
        END { print "" }
    ')
    while read -r words; do
        # shellcheck disable=SC2086
        by_firewalld $option $words >/dev/null
    done <<END
$calls
END
}

# Replaces the record by the lines $1.
record_firewalld() {
    mkdir -p "$opened"
    say "$1" | awk NF | sort -u >"$record.new" || die "the record $record cannot be written: nothing was changed in firewalld"
    swap_in "$record.new" "$record" 600
}

# of_mode MODE LINES: prints the settings of one mode.
of_mode() {
    say "$2" | sed -n "s/^$1 //p"
}

# open_in_firewalld FACTS [all]: brings firewalld to these facts; without `all`, TCP ports that we added stay open.
open_in_firewalld() {
    runtime=$(by_firewalld --list-all-zones) || exit 1
    permanent=$(by_firewalld --permanent --list-all-zones) || exit 1
    default=$(by_firewalld --get-default-zone) || exit 1
    ours=
    [ ! -e "$record" ] || ours=$(cat "$record") || exit 1
    wanted=$(wanted_of_firewalld "$1" "$(zones_from_outside "$runtime" "$default" "$(say "$ours" | awk '$3 == "port" { print $2 }')")")
    add_to_firewalld runtime "$runtime"
    add_to_firewalld permanent "$permanent"
    remove_from_firewalld runtime "$runtime" "${2:-}"
    remove_from_firewalld permanent "$permanent" "${2:-}"
}

# add_to_firewalld MODE LISTING and remove_from_firewalld MODE LISTING [all]: work on $wanted and $ours.
add_to_firewalld() {
    missing=$(possible "$(without "$wanted" "$(settings_of_firewalld "$2")")" "$2")
    [ -n "$missing" ] || return 0
    # The record comes first: a run that is interrupted leaves no setting that nobody owns.
    ours=$(say "$ours"; say "$missing" | sed "s/^/$1 /")
    record_firewalld "$ours"
    change_firewalld "$1" add "$missing"
    say "firewalld, $1: added $(in_a_line "$missing")"
}

remove_from_firewalld() {
    leaving=$(without "$(of_mode "$1" "$ours")" "$wanted")
    [ "$3" = all ] || leaving=$(say "$leaving" | awk '!/\/tcp$/')
    [ -n "$leaving" ] || return 0
    change_firewalld "$1" remove "$(both "$leaving" "$(settings_of_firewalld "$2")")"
    ours=$(without "$ours" "$(say "$leaving" | sed "s/^/$1 /")")
    record_firewalld "$ours"
    say "firewalld, $1: removed $(in_a_line "$leaving")"
}

# Removes all that we added. What is permanent goes also where firewalld does not run.
close_in_firewalld() {
    [ -s "$record" ] || return 0
    if firewalld_runs; then
        open_in_firewalld "" all
    elif command -v firewall-offline-cmd >/dev/null; then
        firewall_cmd=firewall-offline-cmd
        listing=$(by_firewalld --list-all-zones)
        present=$(settings_of_firewalld "$listing")
        leaving=$(of_mode permanent "$(cat "$record")")
        change_firewalld offline remove "$(both "$leaving" "$present")"
        firewall_cmd=firewall-cmd
    fi
    rm -f "$record"
}

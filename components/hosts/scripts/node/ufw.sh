# shellcheck shell=sh disable=SC2154
# Opens ports and trusts devices in ufw. Sourced after others.sh, never run.
#
# Each rule of ours has the comment `stretched`. A rule that was there before is left as it is: with our comment it would
# become ours.

# Only ufw's own answer `inactive` means no.
ufw_runs() {
    command -v ufw >/dev/null || return 1
    answer=$(by_ufw status) || exit 1
    case $answer in
    *"Status: active"*) return 0 ;;
    *"Status: inactive"*) return 1 ;;
    esac
    die "ufw cannot say whether it is active: $answer"
}

# by_ufw ARGUMENTS...: prints the output of ufw.
by_ufw() {
    answer=$(LC_ALL=C ufw "$@" 2>&1) || die "ufw refused: ufw $*: $answer"
    say "$answer"
}

# wanted_of_ufw FACTS: prints the rules that follow from the facts, in the form in which `ufw show added` has them.
wanted_of_ufw() {
    say "$1" | awk '
        $1 == "udp" || $1 == "tcp" { print "allow " $2 "/" $1 }
        $1 == "device" { print "allow in on " $2 }
        $1 == "pods" {
            sub(/\*$/, "+", $2)
            print "allow in on " $2 "\nroute allow in on " $2 "\nroute allow in on wg0 out on " $2
        }
        $1 == "sshport" { port[$2] }
        $1 == "ssh" { sub(/:.*\/128$|^[^:]*\/32$/, "&!", $2); sub(/\/[0-9]*!$/, "", $2); from[$2] }
        $1 == "relay" { print "route allow in on wg0 out on wg0" }
        END {
            for (p in port) for (range in from)
                print "allow " (range ~ /\/0$/ ? p "/tcp" : "from " range " to any port " p " proto tcp")
        }
    ' | sort -u
}

# rules_in_ufw ADDED ours|others: prints our rules, or all others, without comments; `limit` counts as `allow`.
rules_in_ufw() {
    say "$1" | awk -v whose="$2" -v mark=" comment 'stretched'" '
        !/^ufw / { next }
        {
            ours = substr($0, length($0) - length(mark) + 1) == mark
            sub(/^ufw /, ""); sub(/ comment .*/, ""); sub(/^limit /, "allow ")
        }
        ours == (whose == "ours")
    '
}

# letting_ssh_in RULES PORTS: prints the rules that accept new connections to one of the TCP ports.
letting_ssh_in() {
    say "$1" | ports="$2" awk '
        BEGIN { count = split(ENVIRON["ports"], port) }
        /^allow .*OpenSSH/ { print; next }
        /^allow / { for (i = 1; i <= count; i++) if (" " $0 " " ~ (" " port[i] "(/tcp)? ")) { print; next } }
    '
}

# open_in_ufw FACTS [all]: brings ufw to these facts; without `all`, rules for TCP that we added stay.
open_in_ufw() {
    wanted=$(wanted_of_ufw "$1")
    added=$(by_ufw show added) || exit 1
    ours=$(rules_in_ufw "$added" ours)
    others=$(rules_in_ufw "$added" others)
    missing=$(without "$wanted" "$(say "$ours"; say "$others")")
    leaving=$(without "$ours" "$wanted")
    [ "${2:-}" = all ] || leaving=$(say "$leaving" | awk '!/tcp$/')
    ports=$(ssh_ports)
    ssh=$(letting_ssh_in "$leaving" "$ports")
    staying=$(say "$missing"; say "$others"; without "$ours" "$leaving")
    if [ -n "$ssh" ] && [ -z "$(letting_ssh_in "$staying" "$ports")" ]; then
        say "ufw: no other rule lets SSH in, so these of ours stay: $(in_a_line "$ssh")" >&2
        leaving=$(without "$leaving" "$ssh")
    fi
    while read -r words; do
        # shellcheck disable=SC2086
        [ -z "$words" ] || by_ufw $words comment stretched </dev/null >/dev/null
    done <<END
$missing
END
    while read -r words; do
        # shellcheck disable=SC2086
        case $words in
        '') ;;
        route*) by_ufw --force route delete ${words#route } </dev/null >/dev/null ;;
        *) by_ufw --force delete $words </dev/null >/dev/null ;;
        esac
    done <<END
$leaving
END
    [ -z "$missing" ] || say "ufw: added $(in_a_line "$missing")"
    [ -z "$leaving" ] || say "ufw: removed $(in_a_line "$leaving")"
}

# Removes all rules of ours, also while ufw is inactive.
close_in_ufw() {
    command -v ufw >/dev/null || return 0
    open_in_ufw "" all
}

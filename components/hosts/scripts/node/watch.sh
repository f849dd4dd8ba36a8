#!/bin/sh
# watch.sh run|settle|answer|status: goes other ways over wg0 while a gateway is down, as failover.conf says.
#   run     ask the gateways for ever
#   settle  put every address where it belongs by what is known, once
#   answer  answer the others, as a gateway that is in service
#   status  tell what is known
# All hosts must come to see the same of a gateway, each by itself. So a gateway that was out of reach of some, or has
# been restarted, refuses to all for as long as anyone might not have noticed yet.
set -eu
umask 077

etc=${STRETCHED_ETC:-/etc/stretched}
run=${STRETCHED_RUN:-/run/stretched}
wg0=${STRETCHED_WG0:-/etc/wireguard/wg0.conf}

tick=2     # seconds between questions, and for the answer to one
cut=9      # a gateway goes out of service when nobody on one side has answered it for so long
silence=15 # a gateway is down when it has not answered for so long; longer than cut and two ticks
linger=20  # a gateway stays out of service at least so long; longer than silence and two ticks
steady=${STRETCHED_STEADY:-30} # a gateway is up again when it has answered for so long

# Asks $2, a gateway or a user of this one.
ask() {
    mark=0
    [ "$1" = user ] || mark=12 # DSCP 3, which watch.nft refuses
    if told=$(LC_ALL=C ping -n -c 1 -W "$tick" -Q "$mark" "$2" 2>&1); then
        seen=answers
    else
        case $told in
        *"From $2 "*"Packet filtered"*) seen=refuses ;;
        *) seen=silent ;;
        esac
    fi
    echo "$1 $2 $seen" >>"$run/seen"
}

look() {
    : >"$run/seen"
    sleep "$tick" &
    while read -r word first second _; do
        case $word in
        gateway) ask gateway "$first" & ;;
        user) ask user "$second" & ;;
        esac
    done <"$etc/failover.conf"
    wait
}

judge() {
    began=0
    [ -s "$run/state" ] || began=1
    touch "$run/state"
    read -r up _ </proc/uptime
    awk -v now="${up%%.*}" -v silence=$silence -v steady="$steady" -v cut=$cut -v linger=$linger -v began=$began \
        -f "$etc/watch.awk" file=1 "$etc/failover.conf" file=2 "$run/state" file=3 "$run/seen" >"$run/state.new"
    mv "$run/state.new" "$run/state"
}

settle() {
    [ -e "$run/state" ] || return 0
    wg show wg0 allowed-ips >"$run/running" 2>/dev/null || return 0 # wg0 is just not there
    awk -f "$etc/settle.awk" file=1 "$run/state" file=2 "$etc/failover.conf" file=3 "$wg0" file=4 "$run/running" >"$run/add"
    [ -s "$run/add" ] || return 0
    # shellcheck disable=SC2046 # words they shall be
    wg set wg0 $(grep -v '^#' "$run/add")
    sed -n 's/^# //p' "$run/add"
}

answer() {
    if command -v nft >/dev/null && nft list table inet stretched_watch >/dev/null 2>&1; then
        nft delete table inet stretched_watch
    fi
}

serve() {
    grep -q '^user' "$etc/failover.conf" || return 0
    if ! grep -q '^service out' "$run/state"; then
        answer
    elif ! nft list table inet stretched_watch >/dev/null 2>&1; then
        nft -f "$etc/watch.nft"
    fi
}

status() {
    [ -s "$run/state" ] || { echo "nothing is known: stretched-watch does not run"; return 0; }
    read -r up _ </proc/uptime
    awk -v now="${up%%.*}" '
        $1 == "gateway" && $5 == "-" { printf "gateway %s (%s): %s, no answer yet\n", $3, $2, $4; next }
        $1 == "gateway" { printf "gateway %s (%s): %s, last answer %d s ago\n", $3, $2, $4, now - $5 }
        $1 == "users" && $3 !~ /^[-?]$/ { printf "users of this gateway %s its site: last answer %d s ago\n", $2, now - $3 }
        $1 == "users" && $3 ~ /^[-?]$/ { printf "users of this gateway %s its site: no answer yet\n", $2 }
        $1 == "service" && $2 == "out" { printf "this gateway is out of service since %d s\n", now - $3 }
    ' "$run/state"
}

case ${1:-} in
run)
    mkdir -p "$run"
    while :; do
        look
        exec 8>"$run/lock"
        flock 8 # tunnel.sh holds it while it changes wg0
        judge
        settle
        serve
        exec 8>&-
    done
    ;;
settle) settle ;;
answer) answer ;;
status) status ;;
*)
    echo "usage: watch.sh run|settle|answer|status" >&2
    exit 1
    ;;
esac

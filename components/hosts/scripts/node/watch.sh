#!/bin/sh
# watch.sh run|settle|answer|status: reroutes traffic over wg0 while a gateway is down, as declared in failover.conf.
#   run     probe the gateways for ever, and act on the results
#   settle  move every address once to the peer that routes it by the present state
#   answer  accept probes, as a gateway that is in service
#   status  print the present state
# All hosts must independently come to the same verdict on a gateway. So a gateway that some hosts could not reach, or that
# has rebooted, rejects the probes of all hosts until every one of them must have noticed.
set -eu
umask 077

etc=${STRETCHED_ETC:-/etc/stretched}
run=${STRETCHED_RUN:-/run/stretched}
wg0=${STRETCHED_WG0:-/etc/wireguard/wg0.conf}

tick=2     # seconds between probes, and the timeout of a probe
cut=9      # seconds without any answer from the users on one side, after which a gateway goes out of service
silence=15 # seconds without an answer after which a gateway is down; longer than cut and two ticks
linger=20  # seconds that a gateway stays out of service at least; longer than silence and two ticks
steady=${STRETCHED_STEADY:-30} # seconds of answers after which a gateway is up again

# Probes address $2, which is a gateway or a user of this gateway, as $1 says, and records the result.
ask() {
    mark=0
    [ "$1" = user ] || mark=12 # DSCP 3, which watch.nft refuses
    if output=$(LC_ALL=C ping -n -c 1 -W "$tick" -Q "$mark" "$2" 2>&1); then
        seen=answers
    else
        case $output in
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
    if [ "$(wc -l <"$run/seen")" != "$(grep -cE '^(gateway|user) ' "$etc/failover.conf")" ]; then
        echo "some results of probes are missing, as when $run is full: nobody is judged by this round"
        return 0
    fi
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
    [ -n "$(wg show wg0 public-key 2>/dev/null)" ] || return 0 # wg0 does not exist now
    wg show wg0 allowed-ips >"$run/running"
    awk -f "$etc/settle.awk" file=1 "$run/state" file=2 "$etc/failover.conf" file=3 "$wg0" file=4 "$run/running" >"$run/add"
    [ -s "$run/add" ] || return 0
    # shellcheck disable=SC2046 # splitting into words is intended
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
    [ -s "$run/state" ] || { echo "there is no state: stretched-watch is not running"; return 0; }
    read -r up _ </proc/uptime
    awk -v now="${up%%.*}" '
        $1 == "gateway" && $5 == "-" { printf "gateway %s (%s): %s, no answer yet\n", $3, $2, $4; next }
        $1 == "gateway" { printf "gateway %s (%s): %s, last answer %d s ago\n", $3, $2, $4, now - $5 }
        $1 == "users" && $3 !~ /^[-?]$/ { printf "users of this gateway %s its site: last answer %d s ago\n", $2, now - $3 }
        $1 == "users" && $3 ~ /^[-?]$/ { printf "users of this gateway %s its site: no answer yet\n", $2 }
        $1 == "service" && $2 == "out" { printf "this gateway has been out of service for %d s\n", now - $3 }
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

#!/bin/sh
# resolve.sh [now]: sets the endpoints of wg0's peers that are declared by a name, from what the name stands for today.
# Run by stretched-resolve.timer; `now` is for who holds the lock already. An endpoint is set when the peer has none,
# when its name stands for other addresses than the last time, or when there has been no handshake for so long that
# WireGuard gave the session up. An endpoint that works is left alone: the peer itself may have moved there.
set -u
umask 077

conf=${STRETCHED_CONF:-/etc/wireguard/wg0.conf}
known=${STRETCHED_RUN:-/run/stretched}/resolved # a line a peer: key, bytes sent, addresses
stale=150                                       # seconds; sessions are renewed after 120 when there is traffic
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM # dash forgets the EXIT trap when a signal ends it

# Prints the addresses of name $1 of the families $2..., in their order; nothing when it cannot be resolved.
addresses() {
    name=$1
    shift
    for family in "$@"; do
        case $family in
        IPv4) timeout 10 getent ahostsv4 "$name" ;;
        IPv6) timeout 10 getent ahostsv6 "$name" | grep -v '^::ffff:' ;; # these are IPv4 ones
        esac | awk '!seen[$1]++ { print $1 }'
    done
}

# Prints what wg0 has of peer $2 in the table $1.
of_peer() {
    wg show wg0 "$1" | awk -v key="$2" '$1 == key { print $NF }'
}

# Chooses the endpoint to set from the candidates in file $1, their addresses sorted in $2; empty: leave it.
choose() {
    before=$(awk -v key="$key" '$1 == key { print $3 }' "$known" 2>/dev/null)
    first=$(head -n 1 "$1")
    age=$(($(date +%s) - $(of_peer latest-handshakes "$key")))
    if ! grep -qxF -- "$current" "$1"; then
        if [ "$current" = '(none)' ] || [ "$before" != "$2" ] || [ "$age" -gt $stale ]; then
            printf '%s\n' "$first"
        fi
    elif [ "$age" -gt $stale ] && [ "$(awk -v key="$key" '$1 == key { print $2 }' "$known" 2>/dev/null)" != "$sent" ]; then
        # It is spoken to in vain: the next one. A peer that nobody speaks to has no handshakes either.
        awk -v current="$current" 'found { print; exit } $0 == current { found = 1 }' "$1" | grep . || printf '%s\n' "$first"
    fi
}

[ -e /sys/class/net/wg0 ] || [ -n "${STRETCHED_RUN:-}" ] || exit 0

# A line a peer with a name: key, name, port, families.
awk '
    /^\[/ { rest = "" }
    $2 == "resolve:" { rest = $3 " " $4; for (i = 5; i <= NF; i++) rest = rest " " $i }
    $1 == "PublicKey" && rest != "" { print $3, rest }
' "$conf" >"$work/peers"

# All names at once: with a name server that does not answer, one after the other would take minutes.
number=0
while read -r key name port families; do
    number=$((number + 1))
    # shellcheck disable=SC2086
    addresses "$name" $families >"$work/$number" &
done <"$work/peers"
wait

if [ "${1:-}" != now ]; then
    exec 9>/run/stretched.lock
    flock -w 20 9 || exit 0 # this host is being changed, which ends with a look at names too
fi

mkdir -p "${known%/*}"
number=0
while read -r key name port families; do
    number=$((number + 1))
    current=$(of_peer endpoints "$key")
    sent=$(of_peer transfer "$key")
    [ -n "$current" ] || continue # it left meanwhile
    if [ ! -s "$work/$number" ]; then
        [ "$current" != '(none)' ] ||
            printf '%s has no %s address here: no endpoint for that peer yet\n' "$name" "$(echo "$families" | sed 's/ / or /')"
        awk -v key="$key" '$1 == key' "$known" >>"$work/resolved" 2>/dev/null
        continue
    fi
    awk -v port="$port" '{ print (/:/ ? "[" $1 "]" : $1) ":" port }' "$work/$number" >"$work/candidates"
    all=$(sort "$work/$number" | paste -s -d , -)
    new=$(choose "$work/candidates" "$all")
    if [ -n "$new" ] && [ "$new" != "$current" ]; then
        printf '%s: endpoint %s, before %s\n' "$name" "$new" "$current"
        wg set wg0 peer "$key" endpoint "$new"
    fi
    printf '%s %s %s\n' "$key" "$sent" "$all" >>"$work/resolved"
done <"$work/peers"
if [ -e "$work/resolved" ]; then
    mv -f "$work/resolved" "$known"
fi

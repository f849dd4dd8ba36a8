#!/bin/sh
# resolve.sh [now]: resolves the names of wg0's peers that are declared by a DNS name, and sets their endpoints.
# stretched-resolve.timer runs it; `now` is for callers that already hold the lock. It sets an endpoint if the peer has
# none, if the name resolves to other addresses than the last time, or if the last handshake is so old that WireGuard has
# given up the session. It keeps an endpoint that works: the peer itself may have roamed there. It refuses addresses inside
# the mesh and of pods and services: packets to such an endpoint would go into the tunnel that they are to carry.
set -u
umask 077

conf=${STRETCHED_CONF:-/etc/wireguard/wg0.conf}
known=${STRETCHED_RUN:-/run/stretched}/resolved # one line per peer: key, bytes sent, addresses
stale=150                                       # seconds; sessions are renewed after 120 when there is traffic
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM # dash skips the EXIT trap when a signal ends it

# shellcheck source=/dev/null
. "$(dirname "$0")/login.sh"

# Prints the addresses of name $1 for the families $2..., in their order; nothing if the name cannot be resolved.
addresses() {
    of_name=$1
    shift
    for family in "$@"; do
        case $family in
        IPv4) timeout 10 getent ahostsv4 "$of_name" ;;
        IPv6) timeout 10 getent ahostsv6 "$of_name" | grep -v '^::ffff:' ;; # IPv4-mapped addresses
        esac | awk '!seen[$1]++ { print $1 }'
    done
}

# The ranges of the mesh, and those that the comment `# inside:` names; loopback, link-local and multicast addresses.
never="$(awk '$1 == "Address" { print $3 } $2 == "inside:" { for (i = 3; i <= NF; i++) print $i }' "$conf")
    0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 224.0.0.0/3 ::/127 fe80::/10 ff00::/8"

# Moves the addresses in file $1 that cannot be endpoints to the file $1.refused.
refuse() {
    mv "$1" "$1.all" || return 1
    while read -r address; do
        # shellcheck disable=SC2086
        if inside "$address" $never; then echo "$address" >>"$1.refused"; else echo "$address" >>"$1"; fi || return 1
    done <"$1.all"
}

# Prints the value of `wg show wg0 $1` for the peer with key $2.
of_peer() {
    wg show wg0 "$1" | awk -v key="$2" '$1 == key { print $NF }'
}

# Prints the endpoint to set, one of the candidates in file $1, or nothing to keep the current one. $2 is the sorted list
# of their addresses.
choose() {
    first=$(head -n 1 "$1")
    age=$(($(date +%s) - $(of_peer latest-handshakes "$key")))
    if ! grep -qxF -- "$current" "$1"; then
        if [ "$current" = '(none)' ] || [ "$before" != "$2" ] || [ "$age" -gt $stale ]; then
            printf '%s\n' "$first"
        fi
    elif [ "$age" -gt $stale ] && [ "$(awk -v key="$key" '$1 == key { print $2 }' "$known" 2>/dev/null)" != "$sent" ]; then
        # Packets were sent to it without a handshake: take the next candidate. Without traffic there is no handshake either.
        awk -v current="$current" 'passed { print; exit } $0 == current { passed = 1 }' "$1" | grep . || printf '%s\n' "$first"
    fi
}

[ -e /sys/class/net/wg0 ] || [ -n "${STRETCHED_RUN:-}" ] || exit 0

# Writes one line per peer with a name: key, name, port, families.
awk '
    /^\[/ { rest = "" }
    $2 == "resolve:" { rest = $3 " " $4; for (i = 5; i <= NF; i++) rest = rest " " $i }
    $1 == "PublicKey" && rest != "" { print $3, rest }
' "$conf" >"$work/peers"

# Resolves all names in parallel: in sequence, they would take minutes if the name server does not answer.
number=0
while read -r key name port families; do
    number=$((number + 1))
    # shellcheck disable=SC2086
    { addresses "$name" $families >"$work/$number" && refuse "$work/$number"; } || : >"$work/$number" &
done <"$work/peers"
wait

if [ "${1:-}" != now ]; then
    exec 9>/run/stretched.lock
    flock -w 20 9 || exit 0 # a run is changing this host, and resolves the names at its end
fi

mkdir -p "${known%/*}"
number=0
while read -r key name port families; do
    number=$((number + 1))
    current=$(of_peer endpoints "$key")
    sent=$(of_peer transfer "$key")
    [ -n "$current" ] || continue # the peer was removed meanwhile
    before=$(awk -v key="$key" '$1 == key { print $3 }' "$known" 2>/dev/null)
    all=$(cat "$work/$number" "$work/$number.refused" 2>/dev/null | sort | paste -s -d , -)
    if [ -s "$work/$number.refused" ] && [ "$before" != "$all" ]; then
        printf '%s: %s refused, an endpoint must be outside of the mesh and its cluster, and not local; it stays %s\n' \
            "$name" "$(paste -s -d , "$work/$number.refused")" "$current"
    fi
    if [ -z "$all" ]; then
        [ "$current" != '(none)' ] ||
            printf '%s has no %s address here: no endpoint for that peer yet\n' "$name" "$(echo "$families" | sed 's/ / or /')"
        awk -v key="$key" '$1 == key' "$known" >>"$work/resolved" 2>/dev/null
        continue
    fi
    printf '%s %s %s\n' "$key" "$sent" "$all" >>"$work/resolved"
    [ -s "$work/$number" ] || continue
    awk -v port="$port" '{ print (/:/ ? "[" $1 "]" : $1) ":" port }' "$work/$number" >"$work/candidates"
    new=$(choose "$work/candidates" "$all")
    if [ -n "$new" ] && [ "$new" != "$current" ]; then
        printf '%s: endpoint %s, before %s\n' "$name" "$new" "$current"
        wg set wg0 peer "$key" endpoint "$new"
    fi
done <"$work/peers"
if [ -e "$work/resolved" ]; then
    cp "$work/resolved" "$known.new" && mv -f "$known.new" "$known" # /run is another file system
fi

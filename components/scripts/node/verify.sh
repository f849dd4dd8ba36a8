#!/bin/sh
# verify.sh: every peer answers a ping over wg0 and has had a handshake. Waits up to two minutes for all together,
# then names each pair that fails and the likely cause. Handshakes that collide come again after five seconds, so
# one try proves nothing.
. "$(dirname "$0")/lib.sh"

patience=${STRETCHED_PATIENCE:-120} # seconds; WireGuard ends a row of attempts after 90 and begins anew
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# name, address, public key, endpoint of every peer, a line each
awk '
    function flush() { if (key != "") print name, address, key, endpoint; name = "?"; key = ""; endpoint = "-" }
    /^\[/ { flush(); peer = ($0 == "[Peer]") }
    peer && $1 == "#" { name = $2 }
    peer && $1 == "PublicKey" { key = $3 }
    peer && $1 == "AllowedIPs" { split($3, a, "/"); address = a[1] }
    peer && $1 == "Endpoint" { endpoint = $3 }
    END { flush() }
' "$here/wg0.public.conf" >"$work/peers"

answers() {
    deadline=$(($(date +%s) + patience))
    until ping -q -c 1 -W 2 "$1" >"$work/ping.$1" 2>&1; do
        [ "$(date +%s)" -lt "$deadline" ] || return 1
        sleep 0.5 # a ping that cannot even be sent returns at once
    done
    : >"$work/ok.$1"
}

while read -r _ address _; do
    answers "$address" &
done <"$work/peers"
wait

failed=0
while read -r name address key endpoint; do
    handshake=$(wg show wg0 latest-handshakes | awk -v key="$key" '$1 == key { print $2 }')
    if [ "${handshake:-0}" = 0 ]; then
        failed=$((failed + 1))
        if [ "$endpoint" = - ]; then
            cause="no handshake: it has no endpoint and must speak first; is it up, and may it send UDP to this host?"
        else
            cause="no handshake: is UDP ${endpoint##*:} open to ${endpoint%:*}, and from this host outwards?"
        fi
        printf 'pair failed: %s -> %s (%s): %s\n' "$(uname -n)" "$name" "$address" "$cause" >&2
    elif [ ! -e "$work/ok.$address" ]; then
        failed=$((failed + 1))
        printf 'pair failed: %s -> %s (%s): handshake, but no answer to ping over wg0: is there a firewall on wg0?\n' \
            "$(uname -n)" "$name" "$address" >&2
    fi
done <"$work/peers"

total=$(wc -l <"$work/peers")
[ "$failed" = 0 ] || die "$failed of $total pairs failed"
say "verified: $total peers answer over wg0"

#!/bin/sh
# verify.sh: verifies that every node answers a ping over wg0 and that every peer has had a handshake. Waits up to three
# minutes for all in parallel, then reports each pair that fails, its path if that has relays, and the likely cause. A
# single try proves nothing: handshakes that collide are repeated after five seconds.
. "$(dirname "$0")/lib.sh"

# Seconds. WireGuard gives up a series of attempts after 90 and starts another one. A peer behind NAT that had a session with
# this host before it was reinstalled makes a new one when that is 120 old, with its next keepalive: 25 later at most.
patience=${STRETCHED_PATIENCE:-170}
work=$(mktemp -d)
at_end "rm -rf '$work'"

# Writes one line per peer: name, address, public key, endpoint; and one per node beyond a peer: name, address, relays.
awk -v peers="$work/peers" -v beyond="$work/beyond" '
    function flush() { if (key != "") print name, address, key, endpoint >peers; name = "?"; key = ""; endpoint = "-" }
    BEGIN { printf "" >peers; printf "" >beyond }
    /^\[/ { flush(); peer = ($0 == "[Peer]") }
    $2 == "client:" { peer = 0 } # may be offline
    peer && $1 == "#" && $2 !~ /:$/ { name = $2 }
    peer && $2 == "resolve:" { endpoint = $3 ":" $4 }
    peer && $2 == "beyond:" { relays = $6; for (i = 7; i <= NF; i++) relays = relays " " $i; print $3, $4, relays >beyond }
    peer && $1 == "PublicKey" { key = $3 }
    peer && $1 == "AllowedIPs" { split($3, a, "/"); address = a[1] }
    peer && $1 == "Endpoint" { endpoint = $3 }
    END { flush() }
' "$here/wg0.public.conf"
cat "$work/peers" "$work/beyond" >"$work/nodes"

# Sleeps between two tries for a random time of 0.2 to 1.2 s. All hosts begin at once: without the jitter, both ends of a
# pair would initiate a handshake at the same moment again and again, and each drop the other's response.
pause() {
    sleep "$(od -An -N2 -tu2 /dev/urandom | awk '{ printf "%.3f", 0.2 + $1 / 65536 }')"
}

answers() {
    deadline=$(($(date +%s) + patience))
    until ping -q -c 1 -W 2 "$1" >"$work/ping.$1" 2>&1; do
        [ "$(date +%s)" -lt "$deadline" ] || return 1
        pause
    done
    : >"$work/ok.$1"
}

while read -r _ address _; do
    answers "$address" &
done <"$work/nodes"
wait

failed=0
failure() {
    failed=$((failed + 1))
    printf 'pair failed: %s -> %s: %s\n' "$(uname -n)" "$1" "$2" >&2
}

while read -r name address key endpoint; do
    handshake=$(wg show wg0 latest-handshakes | awk -v key="$key" '$1 == key { print $2 }')
    if [ "${handshake:-0}" = 0 ]; then
        if [ "$endpoint" = - ]; then
            cause="no handshake: it has no endpoint and must speak first; is it up, and may it send UDP to this host?"
        elif wg show wg0 endpoints | grep -qF "$key	(none)"; then
            cause="no handshake: its name ${endpoint%:*} cannot be resolved on this host (getent ahosts ${endpoint%:*})"
        else
            cause="no handshake: is UDP ${endpoint##*:} open to ${endpoint%:*}, and from this host outwards?"
        fi
        failure "$name ($address)" "$cause"
    elif [ ! -e "$work/ok.$address" ]; then
        failure "$name ($address)" "handshake, but no answer to ping over wg0: is there a firewall on wg0?"
    fi
done <"$work/peers"

# Prints why node $1 beyond the relays $2... does not answer: the first hop that does not, and the last one that does.
why_beyond() {
    name=$1
    shift
    answering=
    for relay in "$@" "$name"; do
        hop=$(awk -v name="$relay" '$1 == name { print $2 }' "$work/nodes")
        [ -e "$work/ok.$hop" ] || break
        answering=$relay
    done
    if [ -z "$answering" ]; then
        say "$relay, the first hop, does not answer either"
    else
        say "$answering answers, $relay behind it does not: is it up, does it have a handshake with $answering (wg show wg0)," \
            "and does $answering forward (systemctl status stretched-relay, another firewall there)?"
    fi
}

while read -r name address relays; do
    if [ ! -e "$work/ok.$address" ]; then
        # shellcheck disable=SC2086
        failure "$name ($address) by $(printf '%s -> ' $relays)$name" "$(why_beyond "$name" $relays)"
    fi
done <"$work/beyond"

# Pairs that were rerouted answer; pairs with the gateway itself cannot.
down=$(awk '$1 == "gateway" && $4 == "down" { printf "%s%s", (n++ ? ", " : ""), $3 }' /run/stretched/state 2>/dev/null) || :
[ -z "$down" ] || say "stretched-watch sees these gateways down and routes around them: $down" >&2

total=$(wc -l <"$work/nodes")
[ "$failed" = 0 ] || die "$failed of $total pairs failed"
if [ -s "$work/beyond" ]; then
    through=", $(wc -l <"$work/beyond") nodes through relays"
fi
say "verified: $(wc -l <"$work/peers") peers answer over wg0${through:-}"

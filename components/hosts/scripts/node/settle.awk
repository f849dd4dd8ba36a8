# Prints arguments for `wg set wg0` that move every address to the peer that routes it while some gateways are down;
# nothing if all addresses are there already. An address that is set at a peer atomically leaves the peer that had it.
# (`wg addconf` is not an option: it removes what its input omits, preshared keys among them.) Lines with # describe the
# moves. Addresses are single ones, or ranges of roaming clients.
# Inputs: file=1 the state (watch.awk); file=2 failover.conf; file=3 wg0.conf; file=4 `wg show wg0 allowed-ips`.
file == 1 && $1 == "gateway" && $4 == "down" { down[$2] = 1 }
file == 2 && $1 == "when" {
    for (i = 6; i <= NF; i++) {
        concerned[$i] = 1
        if (($2 in down) && !($4 in down) && !($i in instead)) instead[$i] = $4
    }
}
file == 3 && $1 == "PublicKey" { key = $3 }
file == 3 && $1 == "AllowedIPs" {
    for (i = 3; i <= NF; i++) {
        address = $i
        sub(/,$/, "", address)
        sub(/\/32$/, "", address)
        normal[address] = key
        if (!(key in own)) own[key] = address
    }
}
file == 4 {
    for (i = 2; i <= NF; i++) {
        address = $i
        sub(/\/32$/, "", address)
        running[address] = $1
        order[++count] = address
    }
    peer[$1] = 1
}
END {
    for (address in concerned) {
        want = normal[(address in instead) ? instead[address] : address]
        if ((want in peer) && (address in running) && running[address] != want) {
            gains[want] = gains[want] (gains[want] == "" ? "" : " ") address
            running[address] = want
        }
    }
    for (one in gains) {
        list = ""
        for (i = 1; i <= count; i++)
            if (running[order[i]] == one) list = list (list == "" ? "" : ",") order[i] (order[i] ~ /\// ? "" : "/32")
        printf "# to the peer %s: %s\npeer %s allowed-ips %s\n", own[one], gains[one], one, list
    }
}

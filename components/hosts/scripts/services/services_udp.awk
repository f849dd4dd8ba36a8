# Files: 1 the state, a line `WHO alive|dead|unseen COUNT` for each server, where WHO is an address, or PROTOCOL:PORT for a
# program of this host; 2 services.conf; 3 the probe results, `WHO up|down`; 4 devices that forward for services only.
# what=judge: prints the new state. Two results in a row that contradict the verdict change it.
# what=fill: prints the nft commands that fill the table's chains.
file == 1 { verdict[$1] = $2; count[$1] = $3; next }
file == 3 { judged($1, $2); next }
file == 4 { opened = opened (opened ? ", " : "") "\"" $1 "\""; next }
file == 2 {
    name = $1; protocol = $2; port = $3
    if (!(name in of)) { of[name] = protocol; order[++names] = name }
    if ($4 == "here") {
        here[name] = $6
        at[name] = $5 == "program" ? "" : $5
        who = $5 == "program" ? protocol ":" $6 : "-"
        if (!(who in verdict) || verdict[who] != "dead") lives[name]
    } else {
        to = $5 " . " $6
        add(name, "any", to)
        if ($4 == "target" || !($5 in verdict) || verdict[$5] != "dead")
            add(name, $4 == "far" ? "far" : "near", to)
    }
}
function add(name, place, to) { servers[name, place, ++many[name, place]] = to }
function judged(who, seen) {
    if (!(who in verdict)) {
        # A program that never listened may be one that this host cannot see, such as a pod.
        if (who ~ /:/ && seen == "down") { print who, "unseen", 0; return }
        verdict[who] = "alive"; count[who] = 0
    }
    if (verdict[who] == "unseen") {
        if (seen == "down") { print who, "unseen", 0; return }
        verdict[who] = "alive"
    }
    if ((seen == "up") == (verdict[who] == "alive")) count[who] = 0
    else if (++count[who] >= 2) { verdict[who] = seen == "up" ? "alive" : "dead"; count[who] = 0 }
    print who, verdict[who], count[who]
}
END {
    if (what != "fill") exit
    table = "inet stretched_services"
    for (i = 1; i <= names; i++) {
        name = order[i]
        some = ((name, "any") in many)
        if (name in here) {
            print "flush chain", table, "here_" name
            if (name in lives || !some)
                print "add rule", table, "here_" name, caller(at[name]) of[name], "dport set", here[name], "meta mark set meta mark or 0x40"
        }
        if (some) {
            print "flush chain", table, "to_" name
            place = ((name, "near") in many) ? "near" : ((name, "far") in many) ? "far" : "any"
            print "add rule", table, "to_" name, "meta l4proto", of[name], "ct mark set ct mark or 0x80 dnat ip to", chosen(name, place)
            forwarding = 1
        }
    }
    if (forwarding) print "flush set", table, "opened"
    if (forwarding && opened) print "add element", table, "opened {", opened, "}"
    if (names) print "add element", table, "settled { 1 }"
}
# A NodePort listens at wg0's address only; the map of callers lets replies come from the address that the client used.
function caller(address) {
    return address ? "update @callers { ip saddr . udp sport . udp dport timeout 10m : ip daddr } ip daddr set " address " " : ""
}
function chosen(name, place,    i, map) {
    if (many[name, place] == 1) {
        map = servers[name, place, 1]
        sub(/ \. /, ":", map)
        return map
    }
    for (i = 1; i <= many[name, place]; i++) map = map (i > 1 ? ", " : "") (i - 1) " : " servers[name, place, i]
    return "jhash ip saddr . " of[name] " sport mod " many[name, place] " map { " map " }"
}

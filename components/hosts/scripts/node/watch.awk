# Judges gateways by what was seen of them, and whether this host, if it is one, is in service.
# Variables: now (seconds of a clock that is never set), silence, steady, cut, linger (seconds, see watch.sh), began (1
# where nothing is known yet because the host has just been started).
# Inputs: file=1 failover.conf; file=2 the previous state, in the form that is printed; file=3 what was seen, lines
# `gateway|user ADDRESS answers|refuses|silent`.
# State, a line each:   gateway ADDRESS NAME up|down LAST STEADY      LAST answer, or -; answering since STEADY, or -
#                       users inside|outside LAST                     some user of this gateway answered LAST; - not since
#                                                                     the host was started; ? not since it is a gateway
#                       service in|out SINCE
# Changes are told on the standard error.
function tell(text) { print text >"/dev/stderr" }
file == 1 && $1 == "gateway" {
    order[++gateways] = $2
    name[$2] = $3
    for (i = 5; i <= NF; i++) through[$2] = through[$2] " " $i
}
file == 1 && $1 == "user" { group[$3] = $2; groups[$2] = 1 }
file == 2 && $1 == "gateway" { state[$2] = $4; last[$2] = $5; since[$2] = $6 }
file == 2 && $1 == "users" { heard[$2] = $3 }
file == 2 && $1 == "service" { service = $2; changed = $3 }
file == 3 { seen[$1, $2] = $3 }

# Whether a relay on the way to a gateway is silent itself.
function hidden(address,    i, count, relays) {
    count = split(through[address], relays, " ")
    for (i = 1; i <= count; i++)
        if (seen["gateway", relays[i]] != "answers") return 1
    return 0
}

function judge(address,    who, found) {
    who = "gateway " name[address] " (" address ")"
    found = seen["gateway", address]
    if (!(address in state)) {
        state[address] = "up"
        last[address] = began ? now : "-" # at first the gateway may be just being made
        since[address] = "-"
    }
    if (found == "answers") {
        last[address] = now
        if (since[address] == "-") since[address] = now
        if (state[address] == "down" && now - since[address] >= steady) {
            state[address] = "up"
            tell(who " is back: it has answered for " steady " s")
        }
        return
    }
    if (state[address] == "up" && found == "silent" && hidden(address)) last[address] = now
    if (found == "refuses" || (last[address] != "-" && now - last[address] >= cut)) since[address] = "-"
    if (state[address] == "up" && found == "refuses") {
        state[address] = "down"
        tell(who " is out of service: it says so itself")
    } else if (state[address] == "up" && last[address] != "-" && now - last[address] >= silence) {
        state[address] = "down"
        tell(who " is down: no answer for " silence " s")
    }
}

END {
    for (i = 1; i <= gateways; i++) {
        judge(order[i])
        print "gateway", order[i], name[order[i]], state[order[i]], last[order[i]], since[order[i]]
    }
    for (address in group) if (seen["user", address] == "answers") heard[group[address]] = now
    if (service == "") {
        service = "in"
        for (one in groups) if (began) service = "out"
        changed = now
        if (service == "out") tell("this gateway has been restarted: those who use it must notice before it serves them")
    }
    for (one in groups) {
        if (!(one in heard)) heard[one] = began ? "-" : "?" # at first they may be just being made
        print "users", one, heard[one]
        if (heard[one] != "?" && (heard[one] == "-" || now - heard[one] >= cut)) cut_off = cut_off " " one
    }
    if (cut_off != "" && service != "out") {
        service = "out"
        changed = now
        tell("this gateway goes out of service: none of those who use it answers," cut_off " its site")
    } else if (cut_off == "" && service != "in" && now - changed >= linger) {
        tell("this gateway is in service again")
        service = "in"
        changed = now
    }
    print "service", service, changed
}

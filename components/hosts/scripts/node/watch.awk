# Decides from probe results which gateways are up, and whether this host, if it is a gateway, is in service.
# Variables: now (seconds of the monotonic clock), silence, steady, cut, linger (seconds, see watch.sh), began (1 if there
# is no state yet because the host has just booted).
# Inputs: file=1 failover.conf; file=2 the previous state, in the form that is printed; file=3 the probe results, lines
# `gateway|user ADDRESS answers|refuses|silent`.
# State, a line each:   gateway ADDRESS NAME up|down LAST STEADY      LAST answer, or -; answering since STEADY, or -
#                       users inside|outside LAST                     LAST answer of any user of this gateway; - none since
#                                                                     the host booted; ? none since it became a gateway
#                       service in|out SINCE
# Changes are reported on standard error.
function report(text) { print text >"/dev/stderr" }
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

# Returns 1 if a relay on the path to a gateway does not answer itself.
function hidden(address,    i, count, relays) {
    count = split(through[address], relays, " ")
    for (i = 1; i <= count; i++)
        if (seen["gateway", relays[i]] != "answers") return 1
    return 0
}

function judge(address,    who, result) {
    who = "gateway " name[address] " (" address ")"
    result = seen["gateway", address]
    if (!(address in state)) {
        state[address] = "up"
        last[address] = began ? now : "-" # a new gateway may still be under construction
        since[address] = "-"
    }
    if (result == "answers") {
        last[address] = now
        if (since[address] == "-") since[address] = now
        if (state[address] == "down" && now - since[address] >= steady) {
            state[address] = "up"
            report(who " is back: it has answered for " steady " s")
        }
        return
    }
    if (state[address] == "up" && result == "silent" && hidden(address)) last[address] = now
    if (result == "refuses" || (last[address] != "-" && now - last[address] >= cut)) since[address] = "-"
    if (state[address] == "up" && result == "refuses") {
        state[address] = "down"
        report(who " has put itself out of service")
    } else if (state[address] == "up" && last[address] != "-" && now - last[address] >= silence) {
        state[address] = "down"
        report(who " is down: no answer for " silence " s")
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
        if (service == "out") report("this gateway has rebooted: it is out of service until its users have noticed")
    }
    for (one in groups) {
        if (!(one in heard)) heard[one] = began ? "-" : "?" # new users may still be under construction
        print "users", one, heard[one]
        if (heard[one] != "?" && (heard[one] == "-" || now - heard[one] >= cut)) cut_off = cut_off " " one
    }
    if (cut_off != "" && service != "out") {
        service = "out"
        changed = now
        report("this gateway goes out of service: none of its users answers," cut_off " its site")
    } else if (cut_off == "" && service != "in" && now - changed >= linger) {
        report("this gateway is in service again")
        service = "in"
        changed = now
    }
    print "service", service, changed
}

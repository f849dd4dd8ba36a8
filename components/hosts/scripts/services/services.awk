# Completes haproxy.cfg. First file: the host's addresses, one per line. Second file: the uploaded configuration, in which
# `bind public PORT ADDRESS...` stands for those of the addresses that the host has. An ADDRESS that it does not have, as
# behind a router that forwards the port, stands for all of the host's addresses of that family; a name stands for all
# addresses. If none of the host's addresses matches, HAProxy binds to all of them. Every bind is transparent, so HAProxy
# starts if an address does not exist on the host any more, or not yet: one service's address must not stop all services.
# Variable version: HAProxy's, MAJOR.MINOR. Before 2.3 it has no times of its own for TCP keepalives.
BEGIN { split(version, number, "."); old = version != "" && number[1] * 1000 + number[2] < 2003 }
file == 1 { if (!($1 in has)) all[++count] = $1; has[$1]; next }
$1 == "bind" && $2 == "public" {
    split("", chosen)
    matched = 0
    for (i = 4; i <= NF; i++)
        for (j = 1; j <= count; j++)
            if (matches($i, all[j]) && !chosen[j]++) {
                bind(all[j])
                matched = 1
            }
    for (j = 1; !matched && j <= count; j++) bind(all[j])
    next
}
$1 == "bind" { $0 = $0 " transparent" }
old && $1 ~ /^(cli|srv)tcpka-(idle|intvl|cnt)$/ { next }
{ print }
function matches(declared, address) {
    if (declared in has) return address == declared
    if (declared ~ /:/) return address ~ /:/
    return declared !~ /^[0-9.]+$/ || address !~ /:/
}
function bind(address) {
    print "    bind " (address ~ /:/ ? "ipv6@" : "") address ":" $3 " transparent"
}

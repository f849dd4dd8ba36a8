# Completes haproxy.cfg. First file: the host's addresses, one per line. Second file: the uploaded configuration, in which
# `bind public PORT ADDRESS...` stands for those of the addresses that the host has. An ADDRESS that it does not have, as
# behind a router that forwards the port, stands for all of the host's addresses of that family; a name stands for all
# addresses. If none of the host's addresses matches, HAProxy binds to all of them.
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
{ print }
function matches(declared, address) {
    if (declared in has) return address == declared
    if (declared ~ /:/) return address ~ /:/
    return declared !~ /^[0-9.]+$/ || address !~ /:/
}
function bind(address) {
    print "    bind " (address ~ /:/ ? "ipv6@" : "") address ":" $3
}

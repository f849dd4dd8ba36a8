# Makes haproxy.cfg whole. First file: addresses of the host, a line each. Second: what was uploaded, in which
# `bind public PORT ADDRESS...` stands for those of the addresses that the host has. When it has none of them, as behind
# a router that forwards the port, or when they are names: for all that it has.
file == 1 { has[$1]; all[++count] = $1; next }
$1 == "bind" && $2 == "public" {
    found = 0
    for (i = 4; i <= NF; i++)
        if ($i in has)
            bind($i, ++found)
    for (i = 1; !found && i <= count; i++)
        bind(all[i], 0)
    next
}
{ print }
function bind(address, number) {
    print "    bind " (address ~ /:/ ? "ipv6@" : "") address ":" $3
}

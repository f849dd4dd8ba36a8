# Makes haproxy.cfg whole. First file: addresses of the host, a line each. Second: what was uploaded, in which
# `bind public PORT ADDRESS...` stands for those of the addresses that the host has. For one that it has not, as behind a
# router that forwards the port: for all that it has of this family; for a name, or if nothing is found so: for all.
file == 1 { if (!($1 in has)) all[++count] = $1; has[$1]; next }
$1 == "bind" && $2 == "public" {
    split("", chosen)
    found = 0
    for (i = 4; i <= NF; i++)
        for (j = 1; j <= count; j++)
            if (leads($i, all[j]) && !chosen[j]++) {
                bind(all[j])
                found = 1
            }
    for (j = 1; !found && j <= count; j++) bind(all[j])
    next
}
{ print }
function leads(asked, address) {
    if (asked in has) return address == asked
    if (asked ~ /:/) return address ~ /:/
    return asked !~ /^[0-9.]+$/ || address !~ /:/
}
function bind(address) {
    print "    bind " (address ~ /:/ ? "ipv6@" : "") address ":" $3
}

# Merges two whole configurations of wg0: prints the first input, the new one, and adds the addresses of removed nodes from
# the second input, the configuration in force. An address that the new configuration gives to no peer stays with its
# present peer until the prune. If that peer was removed too, its section is appended. Clients are dropped at once: a
# removed client loses access now, and so do ranges (any address that is not a /32).
function addresses(line, list) {
    sub(/^[^=]*= */, "", line)
    return split(line, list, /, */)
}
function flush(    i, kept, target) {
    for (i = 1; i <= count; i++)
        if (!(old[i] in taken) && !client && old[i] ~ /\/32$/) kept = kept (kept == "" ? "" : ", ") old[i]
    target = (key in by_key) ? by_key[key] : ((count && old[1] in by_address) ? by_address[old[1]] : 0)
    if (kept != "" && target) added[target] = added[target] ", " kept
    else if (kept != "") leaving = leaving "\n" before "AllowedIPs = " kept "\n" after
    before = after = key = ""
    client = 0
    count = 0
}
NR == FNR {
    line[++lines] = $0
    if ($1 == "Address") { sub(/\/.*/, "", $3); taken[$3 "/32"] = 1 }
    if ($1 == "PublicKey") key = $3
    if ($1 == "AllowedIPs") {
        count = addresses($0, new)
        for (i = 1; i <= count; i++) taken[new[i]] = 1
        by_key[key] = by_address[new[1]] = lines
        count = 0
    }
    next
}
FNR == 1 { key = "" }
/^\[/ { flush(); inside = ($0 == "[Peer]") }
!inside || !NF { next }
$1 == "AllowedIPs" { count = addresses($0, old); next }
$2 == "client:" { client = 1 }
$2 == "beyond:" && ($4 "/32") in taken { next }
{
    if ($1 == "PublicKey") key = $3
    if (count) after = after $0 "\n"
    else before = before $0 "\n"
}
END {
    if (NR != FNR) flush()
    for (i = 1; i <= lines; i++) print line[i] added[i]
    printf "%s", leaving
}

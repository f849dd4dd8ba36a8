# Puts a host's secrets into the public configuration.
# First input: lines `private KEY` and `psk ADDRESS/32 KEY`. Second input: the public configuration. A peer's preshared
# key is named by the first of its addresses, which is its own.
NR == FNR {
    if ($1 == "private") private = $2
    if ($1 == "psk") psk[$2] = $3
    next
}
{ print }
$0 == "[Interface]" { print "PrivateKey = " private }
$1 == "AllowedIPs" {
    sub(/,$/, "", $3)
    if ($3 in psk) print "PresharedKey = " psk[$3]
}

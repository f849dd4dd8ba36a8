# Inserts a host's secrets into the public configuration.
# First input: lines `private KEY` and `psk ADDRESS/32 KEY`. Second input: the public configuration. A preshared key
# belongs to the peer whose first address, its own, is ADDRESS.
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

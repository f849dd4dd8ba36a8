# Extracts the secrets of a configuration, in the form that secrets.awk reads.
$1 == "PrivateKey" { print "private " $3 }
$1 == "AllowedIPs" { address = $3; sub(/,$/, "", address) }
$1 == "PresharedKey" { print "psk " address " " $3 }

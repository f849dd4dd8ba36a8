# Prints the [Peer] sections of the second input whose AllowedIPs the first input does not have: peers that were
# removed from the configuration and are kept until nothing needs them any more.
function flush() {
    if (section != "" && !(allowed in kept)) printf "\n%s", section
    section = ""
}
$1 == "AllowedIPs" && NR == FNR { kept[$3] = 1 }
NR == FNR { next }
/^\[/ { flush(); inside = ($0 == "[Peer]") }
inside && NF { section = section $0 "\n" }
inside && $1 == "AllowedIPs" { allowed = $3 }
END { flush() }

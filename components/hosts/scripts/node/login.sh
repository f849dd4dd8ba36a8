# shellcheck shell=sh
# Determines the client address of the current SSH connection, and whether it is in a range. Sourced, or prepended to
# the parts of preflight.sh.

# Prints `client-address client-port server-address server-port`, the value of SSH_CONNECTION, see ssh(1). sudo removes the
# variable, so it is read from the environments of the parent processes. Fails if there is none.
ssh_connection() {
    pid=$$
    while [ "${pid:-0}" -gt 1 ]; do
        connection=$(tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')
        if [ -n "$connection" ]; then
            printf '%s\n' "$connection"
            return 0
        fi
        pid=$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status" 2>/dev/null)
    done
    return 1
}

# inside ADDRESS RANGE...: succeeds if the IPv4 or IPv6 address is in one of the ranges, which have the form ADDRESS/LENGTH.
inside() {
    # shellcheck disable=SC2016
    printf '%s\n' "$@" | awk '
        function number(hex,    i, n) {
            for (i = 1; i <= length(hex); i++) n = n * 16 + index("0123456789abcdef", substr(tolower(hex), i, 1)) - 1
            return n + 0
        }
        # Splits an address into groups of 16 bits, group[1...]; returns their number.
        function read_groups(text, group,    i, n, part, half, zeros, count) {
            sub(/%.*/, "", text)
            if (text !~ /:/) {
                split(text, part, ".")
                group[1] = part[1] * 256 + part[2]
                group[2] = part[3] * 256 + part[4]
                return 2
            }
            n = split(text, half, "::")
            count = split(half[1], part, ":")
            for (i = 1; i <= count; i++) group[i] = number(part[i])
            if (n == 2) {
                zeros = 8 - count - split(half[2], part, ":")
                for (i = 1; i <= zeros; i++) group[count + i] = 0
                for (i = 1; count + zeros + i <= 8; i++) group[count + zeros + i] = number(part[i])
            }
            return 8
        }
        NR == 1 { size = read_groups($0, address); next }
        {
            split($0, range, "/")
            if (read_groups(range[1], group) != size) next
            same = 1
            for (i = 1; i <= size; i++) {
                bits = range[2] - 16 * (i - 1)
                unit = 2 ^ (bits >= 16 ? 0 : bits <= 0 ? 16 : 16 - bits)
                if (int(address[i] / unit) != int(group[i] / unit)) same = 0
            }
            if (same) matched = 1
        }
        END { exit !matched }
    '
}

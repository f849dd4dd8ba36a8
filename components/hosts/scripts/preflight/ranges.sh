# shellcheck shell=sh disable=SC2154
# preflight: addresses and routes of other devices that overlap the ranges of mesh, pods and services. The connected route of
# wg0 has metric 0 and wins over NetworkManager's, which has 100: the host would lose its LAN.

# Prints `DEVICE RANGE KIND` for addresses and routes; KIND is `gateway` for a route through one, else `here`.
networks_here() {
    ip -4 -o address show | awk '{ print $2, $4, "here"; if ($5 == "peer") print $2, $6, "here" }'
    ip -4 -o route show | awk '
        {
            device = kind = ""
            for (i = 2; i < NF; i++) {
                if ($i == "dev") device = $(i + 1)
                if ($i == "via") kind = "gateway"
            }
            if (device != "" && $1 ~ /^[0-9.]+(\/[0-9]+)?$/) print device, $1, kind == "" ? "here" : kind
        }'
}

# Prints the networks without those of wg0, and of the CNI plug-in's devices where they are of our cluster.
networks_of_others() {
    plugin='^$'
    if kubernetes_is_ours; then
        plugin='^(cni0|flannel[.-].*|cali.*|tunl0|vxlan[.-].*|kube-ipvs0|kube-bridge|nodelocaldns|cilium.*|lxc.*)$'
    fi
    networks_here | awk -v plugin="$plugin" '$1 != "wg0" && $1 !~ plugin'
}

check_ranges() {
    networks_of_others | awk -v mesh="$mesh" -v pods="$pods" -v services="$services" '
        # Sets low and high, the first address of a range and the one after its last.
        function bounds(range,    part, byte, size) {
            split(range, part, "/")
            split(part[1], byte, ".")
            length_ = part[2] == "" ? 32 : part[2]
            size = 2 ^ (32 - length_)
            low = ((byte[1] * 256 + byte[2]) * 256 + byte[3]) * 256 + byte[4]
            low -= low % size
            high = low + size
        }
        function declare(field, range) {
            if (range == "") return
            bounds(range)
            n++
            name[n] = field " " range
            path[n] = field
            first[n] = low
            after[n] = high
        }
        BEGIN {
            declare("mesh.cidr", mesh)
            declare("kubernetes.podCidr", pods)
            declare("kubernetes.serviceCidr", services)
        }
        {
            bounds($2)
            if (length_ <= 1) next # a default route, in one part or in two
            for (i = 1; i <= n; i++) {
                if (low >= after[i] || first[i] >= high || ($1, i) in reported) continue
                reported[$1, i] = 1
                if ($3 == "gateway" && high - low > after[i] - first[i])
                    printf "note: %s, a part of %s that is routed through %s, will not be reached there any more\n", name[i], $2, $1
                else
                    printf "obstacle: %s of the device %s overlaps %s, and this host could not reach it any more: choose another %s\n", \
                        $2, $1, name[i], path[i]
            }
        }'
}

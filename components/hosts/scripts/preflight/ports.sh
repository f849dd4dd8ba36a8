# shellcheck shell=sh disable=SC2154
# preflight: ports that somebody else uses. The programs of a cluster of ours, and our wg0, are not somebody else.

# Programs of a cluster, by the first 15 letters of their names, which is what the kernel keeps.
programs_of_kubernetes="kubelet kube-apiserver kube-controller kube-scheduler kube-proxy etcd nginx haproxy"

# listeners tcp|udp PORT: prints `ADDRESS PROGRAM PID` for each socket that is bound to the port; `- -` for the kernel's.
listeners() {
    ss -Hlnp "--$1" 2>/dev/null | awk -v port="$2" '
        {
            local = $4
            if (local !~ ":" port "$") next
            sub(/:[0-9]+$/, "", local)
            sub(/%.*/, "", local)
            gsub(/[][]/, "", local)
            sub(/^::ffff:/, "", local)
            program = pid = "-"
            if (match($0, /\(\("[^"]*"/)) program = substr($0, RSTART + 3, RLENGTH - 4)
            if (match($0, /pid=[0-9]+/)) pid = substr($0, RSTART + 4, RLENGTH - 4)
            gsub(/[^A-Za-z0-9._:\/-]/, "?", program)
            print local, program, pid
        }'
}

# owner PROGRAM PID: describes the owner of a socket.
owner() {
    if [ "$1" = - ]; then
        echo "the kernel or a process that cannot be seen"
    else
        echo "$1 (process $2)"
    fi
}

# one_of WORD WORDS: succeeds if the first word is one of the others.
one_of() {
    case " $2 " in *" $1 "*) return 0 ;; esac
    return 1
}

check_ports() {
    check_wireguard_port
    ours=
    if [ -n "$tcp" ] && kubernetes_is_ours; then ours=$programs_of_kubernetes; fi
    for port in $tcp; do
        listeners tcp "$port" | while read -r address program pid; do
            one_of "$program" "$ours" ||
                obstacle "TCP $port, which Kubernetes needs, is in use by $(owner "$program" "$pid"): stop that program or give" \
                    "it another port (ss -lntp sport = :$port)"
        done | sort -u
    done
    check_served_ports
}

check_wireguard_port() {
    [ -n "$wireguard" ] || return 0
    if [ "$(wg0_setting ListenPort)" = "$wireguard" ] && [ -e /sys/class/net/wg0 ]; then return 0; fi
    listeners udp "$wireguard" | while read -r address program pid; do
        what="UDP $wireguard, for WireGuard, is in use by $(owner "$program" "$pid")"
        [ "$program" != - ] || what="$what; is it another WireGuard interface (wg show)?"
        obstacle "$what: stop it, or write another mesh.listenPort"
    done | sort -u
}

# A listener is in the way if it has all addresses, or the one on which HAProxy will listen.
check_served_ports() {
    for pair in $served; do
        port=${pair%%@*}
        listeners tcp "$port" | while read -r address program pid; do
            case $address in "${pair#*@}" | '*' | 0.0.0.0 | ::) ;; *) continue ;; esac
            if [ "$program" = haproxy ] && [ -e /etc/systemd/system/stretched-services.service ]; then continue; fi
            obstacle "TCP $port, which a service of \`services\` has, is in use by $(owner "$program" "$pid"): stop that program," \
                "or give the service another port"
        done | sort -u
    done
}

# Pulumi's connection shows a port on which sshd listens on this host, whatever a router forwards. It may listen on several.
check_sshd_port() {
    [ -n "$sshd" ] || return 0
    came_by=$(ssh_connection) || return 0
    came_by=${came_by##* }
    [ "$came_by" != "$sshd" ] && [ -z "$(ss -Hltn "sport = :$sshd")" ] || return 0
    obstacle "sshd listens on port $came_by of this host, and the deployer would try port $sshd over wg0: write" \
        "\`ssh.meshPort: $came_by\` at this node or its site"
}

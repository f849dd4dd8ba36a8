# shellcheck shell=sh disable=SC2154
# preflight: what Kubernetes needs of the system, and what an administrator should know about this host.

check_system() {
    if [ "$cgroup" = 2 ] && [ "$(stat -f -c %T /sys/fs/cgroup 2>/dev/null)" != cgroup2fs ]; then
        obstacle "the system has cgroup v1, and this Kubernetes needs v2: boot with systemd.unified_cgroup_hierarchy=1, or write" \
            "\`kubelet_fail_cgroup_v1: false\` in kubernetes.variables"
    fi
    check_ipv6
    if [ -n "$resolver" ] && ! grep -q '^nameserver' /etc/resolv.conf 2>/dev/null; then
        obstacle "/etc/resolv.conf has no name server: configure one on the host, or write upstream_dns_servers in" \
            "kubernetes.variables"
    fi
    has=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
    [ "$has" -ge "$memory" ] ||
        obstacle "$has MB of memory, and Kubespray refuses less than $memory MB for its roles: give the host more, or other roles"
    check_disk
}

# The API server listens on `::`. With ipv6.disable=1 there are no such sockets. With the sysctl disable_ipv6=1 there are.
check_ipv6() {
    [ -n "$ipv6" ] || return 0
    if [ ! -d /proc/sys/net/ipv6 ]; then
        obstacle "the kernel has no IPv6, and the API server listens on ::: boot without ipv6.disable=1, or write" \
            "\`kube_apiserver_bind_address: 0.0.0.0\` in kubernetes.variables"
    elif [ "$(cat /proc/sys/net/ipv6/conf/all/disable_ipv6)" = 1 ]; then
        note "IPv6 is switched off by the sysctl disable_ipv6; the API server listens on ::, which still takes IPv4"
    fi
}

check_disk() {
    for directory in /var/lib /var/lib/containerd /var/lib/kubelet /var/lib/etcd; do
        [ -d "$directory" ] || continue
        free=$(df -Pk "$directory" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
        if [ "${free:-$disk}" -lt "$disk" ]; then
            what="$free MB are free below $directory, fewer than the $disk MB of a new node"
            if kubernetes_is_ours; then
                note "$what"
            else
                obstacle "$what: make room, or mount a larger disk there"
            fi
            return
        fi
    done
}

note_system() {
    note_home
    if [ "$(timeout 5 timedatectl show -p NTPSynchronized --value 2>/dev/null)" = no ]; then
        note "the clock is not synchronised: install and enable chrony. TLS and etcd fail where clocks differ by seconds"
    fi
    if [ "$(cat /sys/fs/selinux/enforce 2>/dev/null)" = 1 ]; then
        note "SELinux is enforcing; Kubespray sets it to permissive unless preinstall_selinux_state says otherwise"
    fi
    if [ "$(cat /proc/sys/crypto/fips_enabled 2>/dev/null)" = 1 ]; then
        note "the system is in FIPS mode: WireGuard's algorithms are not among those approved, so the kernel may refuse them"
    fi
    if command -v needrestart >/dev/null; then
        note "needrestart is installed: when it restarts services automatically, it also does so with kubelet and containerd"
    fi
    for unit in unattended-upgrades.service dnf-automatic.timer dnf-automatic-install.timer; do
        if runs "$unit"; then
            note "$unit upgrades packages by itself, and may restart services or the host: exclude the kernel and" \
                "containerd, or choose the hours"
        fi
    done
}

# Uploads have a directory for each node, and root takes them over: such a home works.
note_home() {
    user=${SUDO_USER:-root}
    home=$(getent passwd "$user" | awk -F: '{ print $6 }')
    kind=$(timeout 10 stat -f -c %T -- "$home" 2>/dev/null)
    case $kind in
    nfs* | smb* | cifs | afs | ceph | lustre | gpfs | fuse*)
        note "the home of $user is on $kind: the deployer's SSH key will be valid on every host that has this home"
        ;;
    esac
}

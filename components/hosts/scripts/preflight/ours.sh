# shellcheck shell=sh disable=SC2154
# preflight: whether the Kubernetes on this host is of this mesh. A living cluster of ours is not an obstacle to itself.

# Prints the IPv4 addresses in the settings of kubelet and etcd, as Kubespray and kubeadm write them.
kubernetes_addresses() {
    cat /etc/kubernetes/kubelet.env /etc/kubernetes/kubelet.conf /etc/kubernetes/manifests/*.yaml /etc/etcd.env \
        /var/lib/kubelet/kubeadm-flags.env /etc/default/kubelet /etc/sysconfig/kubelet 2>/dev/null |
        grep -oE '[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+' | sort -u
}

# Succeeds if kubelet or etcd has an address of the mesh, also one before a change of mesh.cidr, which wg0 still has.
kubernetes_is_ours() {
    before=$(wg0_setting Address)
    before=${before%/*}
    for address in $(kubernetes_addresses); do
        [ "$address" != "$before" ] || return 0
        [ -z "$mesh" ] || ! inside "$address" "$mesh" || return 0
    done
    return 1
}

# shellcheck shell=sh disable=SC2154
# preflight: container engines and other Kubernetes that Kubespray would remove or collide with. Podman has no daemon and
# its own storage; it stays as it is.

elsewhere="move them to another host, or declare another host in place of this one"

# runs UNIT: succeeds if the unit runs, or starts at boot.
runs() {
    systemctl is-active --quiet "$1" 2>/dev/null || systemctl is-enabled --quiet "$1" 2>/dev/null
}

# number_of COMMAND...: prints how many lines the command prints; fails if it fails or takes longer than ten seconds.
number_of() {
    lines=$(timeout 10 "$@" 2>/dev/null) || return 1
    printf '%s' "$lines" | grep -c . || :
}

check_engines() {
    if [ "$engine" != docker ] && { runs docker.service || runs docker.socket; }; then
        check_docker
    fi
    if [ "$engine" != crio ] && runs crio.service; then
        obstacle "CRI-O runs here, and Kubespray would remove it with its containers: $elsewhere; then remove CRI-O"
    fi
    if ! kubernetes_is_ours && command -v ctr >/dev/null; then
        check_containerd
    fi
}

check_docker() {
    if containers=$(number_of docker ps -aq) && images=$(number_of docker images -q) &&
        volumes=$(number_of docker volume ls -q); then
        if [ "$containers$images$volumes" = 000 ]; then
            note "Docker is here without containers, images or volumes: Kubespray will remove it"
            return
        fi
        holds="$containers container(s), $images image(s) and $volumes volume(s)"
    else
        holds="containers, images and volumes that it did not list (docker ps -a)"
    fi
    obstacle "Docker is here with $holds, and Kubespray would remove Docker and all of them: $elsewhere; then remove Docker"
}

check_containerd() {
    for namespace in $(timeout 10 ctr namespaces ls -q 2>/dev/null); do
        [ "$namespace" != moby ] || continue # Docker's
        containers=$(number_of ctr -n "$namespace" containers ls -q) || continue
        [ "$containers" = 0 ] ||
            obstacle "containerd has $containers container(s) in the namespace $namespace, and Kubespray would replace" \
                "containerd and its configuration: $elsewhere (ctr -n $namespace containers ls)"
    done
}

check_other_kubernetes() {
    for unit in k3s k3s-agent rke2-server rke2-agent k0scontroller k0sworker snap.microk8s.daemon-kubelite; do
        ! runs "$unit.service" ||
            obstacle "another Kubernetes is here, $unit.service: remove it, or declare another host in place of this one"
    done
    if ! kubernetes_is_ours && { runs kubelet.service || [ -e /etc/kubernetes/kubelet.conf ]; }; then
        obstacle "a kubelet is here that has no address of this mesh: if its cluster is not needed, run kubeadm reset and" \
            "remove the package kubelet; else declare another host in place of this one"
    fi
}

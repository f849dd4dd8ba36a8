#!/bin/sh
# kubeadm init on the first control plane, or nothing when it was done. One that was cut short is cleared and done again.
: "${state:?}" "${kubeconfig:?}" "${name:?}" "${version:?}" "${others_are_members:?}"

main() {
  lock
  if [ ! -e "$state/member" ]; then
    if [ "$others_are_members" != none ]; then
      die "the first control plane is no member of a cluster, but these are: $others_are_members. Put a control plane of theirs first in kube_control_plane, or run reset.yml"
    fi
    if [ -e "$state/started" ]; then
      clear_kubernetes
      changed "an unfinished kubeadm init was cleared"
    fi
    use_version "$version"
    touch "$state/started"
    install_files
    systemctl start kubespray-standin-pods
    logged kubeadm-init kubeadm init --config /etc/kubernetes/kubeadm-config.yaml --skip-token-print --skip-certificate-key-print
    touch "$state/member"
    changed "kubeadm init"
  fi
  wait_until 180 "the API server on $name; look at: journalctl -u kubelet, /var/log/pods/kube-system_kube-apiserver-$name*" api_ready
  install -d -m 0700 /root/.kube
  install_file /root/.kube/config 0600 <"$kubeconfig"
}

main </dev/null

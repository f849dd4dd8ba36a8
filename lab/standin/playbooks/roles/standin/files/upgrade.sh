#!/bin/sh
# On one drained node: kubeadm upgrade, then the new kubelet and kubectl. The first control plane upgrades the cluster's own version.
: "${state:?}" "${version:?}" "${first:?}"

# As with Kubespray, where etcd is not kubeadm's: it is left alone unless its own version changes.
same_etcd() {
  image=$("$programs/kubeadm" config images list --kubernetes-version "v$version" 2>/dev/null | grep /etcd:)
  [ -n "$image" ] && grep -q "image: $image\$" "$manifest" 2>/dev/null
}

main() {
  lock
  install_files
  programs=/opt/kubespray-standin/v$version
  manifest=/etc/kubernetes/manifests/etcd.yaml
  if same_etcd; then
    sed -i 's/etcdUpgrade: true/etcdUpgrade: false/' /etc/kubernetes/kubeadm-upgrade.yaml
  fi
  if [ "$first" = yes ]; then
    logged kubeadm-upgrade "$programs/kubeadm" upgrade apply --yes --config /etc/kubernetes/kubeadm-upgrade.yaml "v$version"
  else
    logged kubeadm-upgrade "$programs/kubeadm" upgrade node --config /etc/kubernetes/kubeadm-upgrade.yaml
  fi
  use_version "$version"
  systemctl restart kubelet
  wait_until 120 "kubelet $version on this host; look at: journalctl -u kubelet" curl -sf http://127.0.0.1:10248/healthz
  for other in /opt/kubespray-standin/v*; do
    [ "$other" = "$programs" ] || rm -rf "$other"
  done
  changed "Kubernetes $version"
}

main </dev/null

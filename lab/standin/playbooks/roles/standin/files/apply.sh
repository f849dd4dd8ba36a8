#!/bin/sh
# What the cluster itself needs beside kubeadm's own: run on the first control plane, changes only what differs.
: "${kubeconfig:?}"

main() {
  installed=$(install_files)
  echo "$installed"
  for manifest in pod-network coredns; do
    patiently kubectl --kubeconfig "$kubeconfig" apply --server-side --force-conflicts --field-manager=kubespray-standin \
      -f "/etc/kubespray-standin/$manifest.yaml" >/dev/null || die "kubectl apply /etc/kubespray-standin/$manifest.yaml failed"
  done
  answer=$(patiently kubectl --kubeconfig "$kubeconfig" -n kube-system patch deployment coredns --patch-file /etc/kubespray-standin/coredns-patch.yaml)
  case $answer in *"no change"*) ;; *) changed "CoreDNS" ;; esac
}

main </dev/null

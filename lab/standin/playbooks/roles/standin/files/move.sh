#!/bin/sh
# The cluster's own settings name the API of the first control plane, where this runs, also when another node was the first before.
# kubeadm-config comes last: as long as it names the former first, all is done again, and remove-node.yml refuses that node.
: "${kubeconfig:?}" "${endpoint:?}"

k() {
  kubectl --kubeconfig "$kubeconfig" "$@"
}

# name_endpoint NAMESPACE CONFIGMAP: in the kubeconfig that it holds
name_endpoint() {
  held=$(patiently k -n "$1" get configmap "$2" -o yaml)
  echo "$held" | sed "s,\(server: *https://\).*,\1$endpoint," | k replace -f - >/dev/null || die "ConfigMap $2 in $1 cannot be replaced"
}

main() {
  lock
  former=$(known_endpoint)
  [ "$former" != "$endpoint" ] || return 0
  name_endpoint kube-system kube-proxy
  # it reads its settings when it starts; finish.sh waits for the new ones
  patiently k -n kube-system delete pods -l k8s-app=kube-proxy >/dev/null
  name_endpoint kube-public cluster-info
  install_files
  logged kubeadm-upload kubeadm init phase upload-config kubeadm --config /etc/kubernetes/kubeadm-config.yaml
  changed "the API is at $endpoint now, no more at $former"
}

main </dev/null

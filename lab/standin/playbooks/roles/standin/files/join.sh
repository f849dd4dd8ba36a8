#!/bin/sh
# kubeadm join with the configuration that the task before wrote (it holds the token and goes away in any case).
: "${state:?}" "${kubeconfig:?}" "${version:?}" "${control_plane:?}"

main() {
  lock
  trap 'rm -f /etc/kubernetes/kubeadm-join.yaml' EXIT
  if [ -e "$state/member" ]; then
    return
  fi
  use_version "$version"
  touch "$state/started"
  systemctl start kubespray-standin-pods
  logged kubeadm-join kubeadm join --config /etc/kubernetes/kubeadm-join.yaml
  touch "$state/member"
  changed "kubeadm join"
  if [ "$control_plane" = yes ]; then
    install -d -m 0700 /root/.kube
    install_file /root/.kube/config 0600 <"$kubeconfig"
  fi
}

main </dev/null

#!/bin/sh
# kubeadm join with the configuration that the task before wrote (it holds the token and goes away in any case).
: "${state:?}" "${kubeconfig:?}" "${version:?}" "${control_plane:?}" "${endpoint:?}"

answers() {
  curl -sk -o /dev/null --max-time 5 "https://$endpoint/livez"
}

main() {
  lock
  trap 'rm -f /etc/kubernetes/kubeadm-join.yaml' EXIT
  if [ -e "$state/member" ]; then
    return
  fi
  # kubeadm itself would wait for five minutes, and say less
  wait_until 60 "the API at $endpoint; look at: wg show wg0 here, journalctl -u kubelet there" answers
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

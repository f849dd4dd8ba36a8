#!/bin/sh
# On a member: its files name the API of the first control plane, also when another node has become the first.
# kubeadm has kubelet on a control plane talk to the API server beside it, as the controller manager and the scheduler do: that stays.
: "${state:?}" "${kubeconfig:?}" "${endpoint:?}" "${own:?}"

# turn FILE [SERVER...]: names the endpoint where another server is named, but not one of these
turn() {
  file=$1
  shift
  [ -e "$file" ] || return 0
  named=$(sed -n 's,^ *server: *https://,,p' "$file")
  for fine in "$endpoint" "$@"; do
    [ "$named" != "$fine" ] || return 0
  done
  sed "s,^\( *server: *https://\).*,\1$endpoint," "$file" | install_file "$file" 0600
}

main() {
  lock
  [ -e "$state/member" ] || return 0
  for file in "$kubeconfig" "${kubeconfig%/*}/super-admin.conf" /root/.kube/config; do
    turn "$file"
  done
  turned=$(turn "${kubeconfig%/*}/kubelet.conf" "$own")
  if [ -n "$turned" ]; then
    echo "$turned"
    systemctl restart kubelet kubespray-standin-pods
    wait_until 120 "kubelet on this host; look at: journalctl -u kubelet" curl -sf http://127.0.0.1:10248/healthz
  fi
}

main </dev/null

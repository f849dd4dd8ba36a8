#!/bin/sh
# Takes one node out of the cluster, run on the first control plane: step "drain" or "delete". A name that is no node is left alone.
: "${kubeconfig:?}" "${step:?}" "${leaving:?}" "${leaving_endpoint:?}" "${etcd_peer:?}" "${ungraceful:?}"
: "${grace_period:?}" "${drain_timeout:?}" "${retries:?}" "${retry_delay:?}"

k() {
  kubectl --kubeconfig "$kubeconfig" "$@"
}

drain() {
  endpoint=$(known_endpoint)
  [ "${endpoint%:*}" != "$leaving_endpoint" ] ||
    die "$leaving is the API's address ($endpoint) for all other nodes: put another control plane first in kube_control_plane, run cluster.yml, and remove it then"
  tries=0
  until k drain "$leaving" --force --ignore-daemonsets --delete-emptydir-data --grace-period "$grace_period" --timeout "$drain_timeout"; do
    if [ "$ungraceful" = yes ]; then
      echo "$leaving could not be drained; it goes nevertheless (allow_ungraceful_removal)"
      break
    fi
    tries=$((tries + 1))
    [ "$tries" -lt "$retries" ] || die "$leaving cannot be drained; look at: kubectl get pods -A -o wide --field-selector spec.nodeName=$leaving, kubectl get pdb -A"
    sleep "$retry_delay"
  done
  changed "$leaving drained"
}

main() {
  present=$(patiently k get node "$leaving" --ignore-not-found -o name)
  [ -n "$present" ] || {
    echo "$leaving is no node of this cluster"
    return
  }
  case $step in
    drain) drain ;;
    delete)
      if [ "$etcd_peer" != none ]; then
        forget_etcd_member "$etcd_peer"
      fi
      patiently k delete node "$leaving" --ignore-not-found
      changed "$leaving deleted"
      ;;
  esac
}

main </dev/null

#!/bin/sh
# Around a node's upgrade, run on the first control plane: step "drain" or "uncordon".
: "${kubeconfig:?}" "${step:?}" "${upgraded:?}" "${version:?}" "${grace_period:?}" "${drain_timeout:?}" "${drain:?}" "${ready_timeout:?}"

k() {
  kubectl --kubeconfig "$kubeconfig" "$@"
}

ready_at_version() {
  [ "$(k get node "$upgraded" -o jsonpath='{.status.nodeInfo.kubeletVersion} {.status.conditions[?(@.type=="Ready")].status}')" = "v$version True" ]
}

main() {
  case $step in
    drain)
      k cordon "$upgraded"
      [ "$drain" = no ] ||
        k drain "$upgraded" --force --ignore-daemonsets --delete-emptydir-data --grace-period "$grace_period" --timeout "$drain_timeout" || {
        k uncordon "$upgraded"
        die "$upgraded cannot be drained; look at: kubectl get pods -A -o wide --field-selector spec.nodeName=$upgraded, kubectl get pdb -A"
      }
      ;;
    uncordon)
      wait_until "$ready_timeout" "$upgraded to be Ready with Kubernetes $version; look at: journalctl -u kubelet there" ready_at_version
      k uncordon "$upgraded"
      ;;
  esac
  changed "$upgraded: $step"
}

main </dev/null

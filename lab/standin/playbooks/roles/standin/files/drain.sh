#!/bin/sh
# Around a node's upgrade, run on the first control plane: step "drain" or "uncordon".
# An annotation remembers that the cordon is ours: an administrator's own stays, and an upgrade that was cut short is mended.
: "${kubeconfig:?}" "${our_cordon:?}" "${step:?}" "${upgraded:?}" "${version:?}" "${grace_period:?}" "${drain_timeout:?}" "${drain:?}" "${ready_timeout:?}"

k() {
  kubectl --kubeconfig "$kubeconfig" "$@"
}

ready_at_version() {
  [ "$(k get node "$upgraded" -o jsonpath='{.status.nodeInfo.kubeletVersion} {.status.conditions[?(@.type=="Ready")].status}')" = "v$version True" ]
}

main() {
  case $step in
    drain)
      cordoned=$(patiently k get node "$upgraded" -o jsonpath='{.spec.unschedulable}')
      if [ -z "$cordoned" ]; then
        patiently k annotate node "$upgraded" "$our_cordon=yes" --overwrite
      fi
      patiently k cordon "$upgraded"
      [ "$drain" = no ] ||
        k drain "$upgraded" --force --ignore-daemonsets --delete-emptydir-data --grace-period "$grace_period" --timeout "$drain_timeout" || {
        uncordon_ours "$upgraded"
        die "$upgraded cannot be drained; look at: kubectl get pods -A -o wide --field-selector spec.nodeName=$upgraded, kubectl get pdb -A"
      }
      ;;
    uncordon)
      wait_until "$ready_timeout" "$upgraded to be Ready with Kubernetes $version; look at: journalctl -u kubelet there" ready_at_version
      uncordon_ours "$upgraded"
      ;;
  esac
  changed "$upgraded: $step"
}

main </dev/null

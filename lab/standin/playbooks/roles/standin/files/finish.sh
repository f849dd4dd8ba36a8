#!/bin/sh
# Labels and taints from the inventory, then waits until every node of this run is Ready and its kube-proxy and CoreDNS are there.
# nodes: a line "name|label=value ...|taint ...|yes or no: has a control plane's taint" for each.
: "${kubeconfig:?}" "${name:?}" "${nodes:?}" "${ready_timeout:?}"

k() {
  kubectl --kubeconfig "$kubeconfig" "$@"
}

label() {
  echo "$nodes" | while IFS='|' read -r host labels taints keep; do
    if [ -n "$labels" ]; then
      # shellcheck disable=SC2086  # words on purpose: the inventory was validated
      answer=$(patiently k label node "$host" $labels --overwrite)
      case $answer in *"not labeled"*) ;; *) changed "labels of $host" ;; esac
    fi
    # shellcheck disable=SC2086
    if [ -n "$taints" ]; then patiently k taint node "$host" $taints --overwrite >/dev/null; fi
    if [ "$keep" = no ]; then
      present=$(patiently k get node "$host" -o jsonpath='{.spec.taints[*].key}')
      case $present in
        *node-role.kubernetes.io/control-plane*)
          patiently k taint node "$host" node-role.kubernetes.io/control-plane:NoSchedule- >/dev/null
          changed "$host takes pods"
          ;;
      esac
    fi
  done
}

# Prints a line for each thing that is not ready yet.
missing() {
  ready=$(k get nodes -o jsonpath='{range .items[*]}{.metadata.name}|{range .status.conditions[?(@.type=="Ready")]}{.status}|{.message}{end}{"\n"}{end}') ||
    echo "the API server does not answer"
  proxies=$(k -n kube-system get pods -l k8s-app=kube-proxy -o jsonpath='{range .items[*]}{.spec.nodeName}|{range .status.conditions[?(@.type=="Ready")]}{.status}{end}{"\n"}{end}') || true
  echo "$nodes" | while IFS='|' read -r host _; do
    line=$(echo "$ready" | grep "^$host|" || true)
    case $line in
      "$host|True|"*) ;;
      "") echo "$host: not registered; look at: journalctl -u kubelet there" ;;
      *) echo "$host: not Ready (${line#*|}); look at: journalctl -u kubelet -u kubespray-standin-pods there" ;;
    esac
    echo "$proxies" | grep -qxF "$host|True" || echo "$host: kube-proxy is not ready; look at: kubectl -n kube-system get pods -o wide, /var/log/pods there"
  done
  dns=$(k -n kube-system get deployment coredns -o jsonpath='{.status.availableReplicas}') || dns=
  [ "${dns:-0}" -ge 1 ] || echo "CoreDNS: no replica is available; look at: kubectl -n kube-system describe pods -l k8s-app=kube-dns"
  # a kube-proxy can call itself ready and have no rules
  service=$(k get service kubernetes -o jsonpath='{.spec.clusterIP}') && curl -sk -o /dev/null --max-time 5 "https://$service/livez" ||
    echo "$name: no answer from the service address of the API${service:+ ($service)}; look at: kubectl -n kube-system logs -l k8s-app=kube-proxy"
}

main() {
  label
  deadline=$(($(date +%s) + ready_timeout))
  while problems=$(missing) && [ -n "$problems" ]; do
    [ "$(date +%s)" -lt "$deadline" ] || {
      echo "$problems" >&2
      die "the cluster was not ready after $ready_timeout s"
    }
    sleep 2
  done
  # the certificates for joining control planes are of no use any more
  patiently k -n kube-system delete secret kubeadm-certs --ignore-not-found >/dev/null
  cordoned=$(patiently k get nodes -o jsonpath='{range .items[?(@.spec.unschedulable)]}{.metadata.name}{"\n"}{end}')
  for host in $cordoned; do
    uncordon_ours "$host"
  done
  patiently k get nodes -o wide
}

main </dev/null

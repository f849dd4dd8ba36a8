#!/bin/sh
# The stand-in's pod network on one node, in place of calico's: a bridge (CNI plug-in) for this node's pods, one VXLAN device,
# and static entries in it for every other node: who has which pod range behind which wg0 address.
# At the start it restores what it last knew, which needs no API server; then it follows the node objects.
set -eu
# node, node_ip, mtu, pods
# shellcheck source=/dev/null
. /etc/kubespray-standin/pod-network.env
: "${node:?}" "${node_ip:?}" "${mtu:?}" "${pods:?}"
device=vxlan.standin
table=/var/lib/kubespray-standin/pod-network.table # a line "node address range" for each node

# Every node can compute every other's hardware address: nothing has to be learnt.
hardware() {
  echo "$1" | { IFS=. read -r a b c d && printf '02:4b:%02x:%02x:%02x:%02x' "$a" "$b" "$c" "$d"; }
}

lay_device() {
  # VNI and port are those of calico's VXLAN, so that firewall rules are the same
  ip link show dev "$device" >/dev/null 2>&1 ||
    ip link add "$device" address "$(hardware "$node_ip")" type vxlan id 4096 local "$node_ip" dstport 4789 nolearning
  ip link set "$device" mtu "$mtu" up
}

# What leaves the pods' network gets the node's address: peers accept nothing else from this node. VXLAN comes by wg0 only.
lay_rules() {
  nft -f - <<RULES
table inet kubespray_standin
delete table inet kubespray_standin
table inet kubespray_standin {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname != { "wg0", "lo" } udp dport 4789 drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr $1 ip daddr != $pods masquerade
  }
}
RULES
}

# own RANGE
own() {
  ip address replace "${1%/*}/32" dev "$device"
  lay_rules "$1"
  install -d -m 0755 /etc/cni/net.d
  new=$(mktemp /etc/cni/net.d/.standin.XXXXXX)
  cat >"$new" <<CONFLIST
{
  "cniVersion": "1.0.0",
  "name": "kubespray-standin",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true, "mtu": $mtu,
      "ipam": {"type": "host-local", "ranges": [[{"subnet": "$1"}]], "routes": [{"dst": "0.0.0.0/0"}]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
CONFLIST
  chmod 0644 "$new"
  mv -f "$new" /etc/cni/net.d/10-kubespray-standin.conflist
}

# peer ADDRESS RANGE
peer() {
  bridge fdb replace "$(hardware "$1")" dev "$device" dst "$1"
  ip neigh replace "${2%/*}" lladdr "$(hardware "$1")" dev "$device" nud permanent
  ip route replace "$2" via "${2%/*}" dev "$device" onlink
}

# learn NODE ADDRESS RANGE
learn() {
  if [ "$1" = "$node" ]; then own "$3"; else peer "$2" "$3"; fi
  echo "$1: pods $3 behind $2"
}

# forget NODE ADDRESS RANGE
forget() {
  [ "$1" != "$node" ] || return 0
  ip route del "$3" dev "$device" 2>/dev/null || true
  ip neigh del "${3%/*}" dev "$device" 2>/dev/null || true
  bridge fdb del "$(hardware "$2")" dev "$device" dst "$2" 2>/dev/null || true
  echo "$1: forgotten"
}

# event TYPE NODE ADDRESS RANGE
event() {
  known=$(awk -v node="$2" '$1 == node' "$table")
  case $1 in
    DELETED) now= ;;
    *)
      # a node that has no range yet will have one in a later event
      [ -n "${4:-}" ] || return 0
      now="$2 $3 $4"
      ;;
  esac
  [ "$known" != "$now" ] || return 0
  # shellcheck disable=SC2086  # three words
  [ -z "$known" ] || forget $known
  # shellcheck disable=SC2086
  [ -z "$now" ] || learn $now
  awk -v node="$2" -v now="$now" '$1 != node; END {if (now) print now}' "$table" >"$table.new"
  mv -f "$table.new" "$table"
}

nodes() {
  kubectl --kubeconfig /etc/kubernetes/kubelet.conf get nodes "$@"
}

address='{.status.addresses[?(@.type=="InternalIP")].address}'

touch "$table"
lay_device
while read -r known; do
  # shellcheck disable=SC2086
  learn $known
done <"$table"

# the device and the table wait here for kubeadm, and after it for the API server
until current=$(nodes -o jsonpath='{range .items[*]}{.metadata.name}{"\n"}{end}' 2>/dev/null) && [ -n "$current" ]; do sleep 2; done
cut -d' ' -f1 "$table" | while read -r known; do
  echo "$current" | grep -qxF "$known" || event DELETED "$known"
done
nodes --watch --output-watch-events \
  -o jsonpath="{.type} {.object.metadata.name} $(echo "$address" | sed 's/{/{.object/') {.object.spec.podCIDR}{\"\\n\"}" |
  while read -r line; do
    # shellcheck disable=SC2086
    event $line
  done
# the API server ends every watch after a while: systemd starts this again

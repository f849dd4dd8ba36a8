#!/bin/sh
# Functions that every script of the stand-in has in front of it (templates/bundle.sh.j2 puts them together).
# A line "changed: ..." on standard output is how a script reports a change to Ansible.
set -eu
umask 022

name=${node:-$(hostname)}
state=/var/lib/kubespray-standin
logs=/var/log/kubespray-standin
kubeconfig=/etc/kubernetes/admin.conf
pki=/etc/kubernetes/pki

die() {
  echo "$name: $*" >&2
  exit 1
}

changed() {
  echo "changed: $*"
}

# An SSH connection that broke leaves its script running: the next run waits for it.
lock() {
  exec 9>/run/kubespray-standin.lock
  flock -w 600 9 || die "another run of the stand-in holds /run/kubespray-standin.lock since 10 minutes; look at: ps -ef"
}

# install_file PATH MODE: writes standard input there when it differs, never half.
install_file() {
  install -d -m 0755 "${1%/*}"
  new=$(mktemp "${1%/*}/.standin.XXXXXX")
  cat >"$new"
  chmod "$2" "$new"
  if cmp -s "$new" "$1" && [ "$(stat -c %a "$1")" = "$(stat -c %a "$new")" ]; then
    rm -f "$new"
  else
    mv -f "$new" "$1"
    changed "$1"
  fi
}

# logged NAME COMMAND...: the output goes to a file that only root reads, its end to standard error after a failure.
logged() {
  log=$logs/$1.log
  shift
  install -d -m 0700 "$logs"
  (umask 077 && : >"$log")
  if ! "$@" 9>&- >"$log" 2>&1; then
    echo "$name: '$1 $2' failed; look at: $log, journalctl -u kubelet -u containerd, ctr -n k8s.io containers ls" >&2
    # kubeadm's list of the kernel's settings comes in colours, and says nothing here
    grep -v "$(printf '\033')" "$log" | tail -n 15 >&2
    exit 1
  fi
}

# wait_until SECONDS WHAT COMMAND...
wait_until() {
  deadline=$(($(date +%s) + $1))
  what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$deadline" ] || die "waited in vain for $what"
    sleep 1
  done
}

# patiently COMMAND...: tries again for a minute. An API server that restarts, or etcd that elects, refuses for a moment.
patiently() {
  give_up=$(($(date +%s) + 60))
  until "$@"; do
    [ "$(date +%s)" -lt "$give_up" ] || return 1
    sleep 2
  done
}

api_ready() {
  kubectl --kubeconfig "$kubeconfig" --request-timeout=10s get --raw=/readyz
}

# known_endpoint: where the cluster says that its API is, as ADDRESS:PORT. kubeadm gives it to every node that joins.
known_endpoint() {
  said=$(patiently kubectl --kubeconfig "$kubeconfig" -n kube-system get configmap kubeadm-config -o jsonpath='{.data.ClusterConfiguration}') ||
    die "the cluster does not say where its API is; look at: kubectl -n kube-system get configmap kubeadm-config -o yaml"
  echo "$said" | sed -n 's/^controlPlaneEndpoint: *//p'
}

# containerd_setting KEY: as the running configuration has it
containerd_setting() {
  containerd config dump | sed -n "s/^ *$1 = [\"']\(.*\)[\"']\$/\1/p" | head -n 1
}

etcdctl() {
  kubectl --kubeconfig "$kubeconfig" -n kube-system exec "etcd-$name" -- etcdctl --endpoints=https://127.0.0.1:2379 \
    --cacert="$pki/etcd/ca.crt" --cert="$pki/etcd/server.crt" --key="$pki/etcd/server.key" "$@"
}

# forget_etcd_member ADDRESS: nothing happens when there is no such member. (One that never started has no name yet.)
forget_etcd_member() {
  members=$(etcdctl member list) || die "etcd does not list its members; look at: kubectl -n kube-system logs etcd-$name"
  member=$(echo "$members" | awk -F', ' -v url="https://$1:2380" '$4 == url {print $1}')
  if [ -n "$member" ]; then
    etcdctl member remove "$member" >/dev/null
    changed "etcd member $1 removed"
  fi
}

# uncordon_ours NODE: if it was an upgrade that cordoned it
our_cordon=kubespray-standin/upgrading
uncordon_ours() {
  ours=$(patiently kubectl --kubeconfig "$kubeconfig" get node "$1" -o jsonpath='{.metadata.annotations.kubespray-standin/upgrading}')
  if [ -n "$ours" ]; then
    patiently kubectl --kubeconfig "$kubeconfig" uncordon "$1"
    patiently kubectl --kubeconfig "$kubeconfig" annotate node "$1" "$our_cordon-"
    changed "$1 takes pods again"
  fi
}

# version_step RUNNING WANTED: dies where Kubernetes cannot go from the one to the other.
version_step() {
  [ "$1" != none ] && [ "$1" != "$2" ] || return 0
  oldest=$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)
  [ "$oldest" = "$1" ] || die "Kubernetes $1 runs here and kube_version is $2: there is no way back to an older version"
  from=$(echo "$1" | cut -d. -f2)
  to=$(echo "$2" | cut -d. -f2)
  if [ "${1%%.*}" != "${2%%.*}" ] || [ "$((to - from))" -gt 1 ]; then
    die "Kubernetes $1 runs here and kube_version is $2: no minor version can be skipped, so upgrade to a ${1%%.*}.$((from + 1)) first"
  fi
}

# The programs of this version are those that run from now on.
use_version() {
  for program in kubeadm kubelet kubectl; do
    ln -sfn "/opt/kubespray-standin/v$1/$program" "/usr/local/bin/$program"
  done
}

# What a kubeadm that was cut short, or a whole node, leaves on this host. wg0 and the host's own firewall stay as they are.
clear_kubernetes() {
  if [ -x /usr/local/bin/kubeadm ]; then
    logged kubeadm-reset kubeadm reset --force --skip-phases=remove-etcd-member --cri-socket=unix:///run/containerd/containerd.sock
  fi
  systemctl -q stop kubespray-standin-pods 2>/dev/null || true
  for device in cni0 vxlan.standin; do
    ip link del "$device" 2>/dev/null || true
  done
  nft delete table inet kubespray_standin 2>/dev/null || true
  # directories that may be mount points are emptied, not removed
  for directory in /etc/kubernetes /var/lib/kubelet /var/lib/etcd /etc/cni/net.d; do
    [ ! -d "$directory" ] || find "$directory" -xdev -mindepth 1 -delete
  done
  # what it made for pods, empty now; with cgroup v1 systemd knows one hierarchy only
  systemctl stop kubepods.slice 2>/dev/null || true
  find /sys/fs/cgroup -depth -type d -path '*/kubepods.slice*' -delete 2>/dev/null || true
  rm -rf /root/.kube/config "$state/member" "$state/started" "$state/pod-network.table"
}

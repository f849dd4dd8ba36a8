#!/bin/sh
# Removes Kubernetes from this host: all that prepare.sh, kubeadm and kube-proxy made. wg0 and the host's firewall stay.
: "${state:?}" "${logs:?}"

# kube-proxy's and the CNI plug-ins' own rules, nothing else of the host's
clear_rules() {
  for table in "ip kube-proxy" "ip6 kube-proxy" "inet cni_hostport"; do
    # shellcheck disable=SC2086  # family and name
    nft delete table $table 2>/dev/null || true
  done
  for tool in iptables ip6tables; do
    rules=$("$tool-save" 2>/dev/null) || continue
    case $rules in
      *KUBE-* | *CNI-*) echo "$rules" | grep -v -e KUBE- -e CNI- | "$tool-restore" ;;
    esac
  done
  # kubelet and kube-proxy made these by looking into them
  for table in mangle nat filter; do
    for family in ip ip6; do
      # shellcheck disable=SC2086  # family and name
      if nft list table $family $table 2>/dev/null | without_effect; then nft delete table $family $table; fi
    done
  done
}

# A table of iptables-nft that has nothing but the built-in chains, which accept.
without_effect() {
  ! grep -qvE '^(#.*|table .*|[[:space:]]*chain (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) \{|[[:space:]]*type .* policy accept;|[[:space:]]*\}|)$'
}

# remove_empty DIRECTORY...: those of them that hold nothing of anybody's
remove_empty() {
  for directory in "$@"; do
    [ ! -d "$directory" ] || rmdir --ignore-fail-on-non-empty "$directory"
  done
}

main() {
  lock
  if [ ! -d "$state" ] && [ ! -e /etc/systemd/system/kubelet.service ]; then
    echo "nothing of Kubernetes is here"
    return
  fi
  clear_kubernetes
  clear_rules
  systemctl -q disable --now kubelet kubespray-standin-pods 2>/dev/null || true
  if systemctl -q is-active containerd; then
    images=$(ctr -n k8s.io images ls -q)
    # shellcheck disable=SC2086  # words
    [ -z "$images" ] || ctr -n k8s.io images rm --sync $images >/dev/null
  fi
  for program in kubeadm kubelet kubectl; do
    case $(readlink "/usr/local/bin/$program" || true) in /opt/kubespray-standin/*) rm -f "/usr/local/bin/$program" ;; esac
  done
  plugins=$(containerd_setting bin_dir)
  for program in bridge host-local loopback portmap; do
    [ ! -e "$state/digests/cni_$program" ] || rm -f "${plugins:-/opt/cni/bin}/$program"
  done
  rm -rf /root/.kube/cache
  rm -rf /opt/kubespray-standin /usr/local/libexec/kubespray-standin /etc/kubespray-standin \
    /etc/systemd/system/kubelet.service /etc/systemd/system/kubelet.service.d /etc/systemd/system/kubespray-standin-pods.service \
    /etc/sysctl.d/90-kubespray-standin.conf /etc/modules-load.d/kubespray-standin.conf /var/lib/cni /var/log/pods /var/log/containers "$state" "$logs" /run/kubespray-standin.lock
  flexvolumes=/usr/libexec/kubernetes/kubelet-plugins/volume/exec
  # not /etc/cni/net.d: containerd made it, and would not see another one there
  remove_empty /root/.kube /etc/kubernetes /opt/cni/bin /opt/cni /usr/local/libexec \
    "$flexvolumes" "${flexvolumes%/*}" "${flexvolumes%/*/*}" "${flexvolumes%/*/*/*}"
  systemctl daemon-reload
  systemctl reset-failed kubelet kubespray-standin-pods 2>/dev/null || true
  changed "Kubernetes removed"
}

main </dev/null

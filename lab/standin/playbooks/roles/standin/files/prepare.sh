#!/bin/sh
# Makes a host ready for kubeadm: binaries and images from the mirror, units, and the pod network's files.
# Prints "state: member|leftover|none" and "version: X" (of the kubelet that runs here, or none) for what comes next.
: "${state:?}" "${kubeconfig:?}" "${node:?}" "${node_ip:?}" "${mirror:?}" "${version:?}" "${control_plane:?}"

require() {
  for program in containerd ctr ip bridge nft conntrack iptables ethtool socat openssl flock sha256sum; do
    command -v "$program" >/dev/null || die "$program is missing on this host"
  done
  [ -n "$(ip -o -4 address show to "$node_ip")" ] || die "the inventory's ip $node_ip is not on this host; look at: wg show wg0, systemctl status wg-quick@wg0"
  [ -r "$mirror/SHA256SUMS" ] || die "no mirror: $mirror/SHA256SUMS cannot be read (variable files_repo)"
  # the list comes last when a version is added
  grep -q " [*]\{0,1\}\(./\)\{0,1\}v$version/" "$mirror/SHA256SUMS" || die "the mirror has no Kubernetes v$version: there is $(cd "$mirror" && echo v*) in $mirror"
  ctr --connect-timeout 10s version >/dev/null 2>&1 || die "containerd does not answer; look at: systemctl status containerd"
  if [ ! -d "$state" ] && [ -e /etc/kubernetes/kubelet.conf ]; then
    die "here is a Kubernetes that the stand-in did not install (/etc/kubernetes/kubelet.conf); remove it first"
  fi
}

# A node keeps the part that it was given when it joined.
keep_part() {
  here=no
  [ ! -e "$kubeconfig" ] || here=yes
  case $here$control_plane in
    noyes) die "this node joined as a worker: remove it (remove-node.yml), then add it as a control plane" ;;
    yesno) die "this node is a control plane: remove it (remove-node.yml), then add it as a worker" ;;
  esac
}

wanted_digest() {
  digest=$(awk -v file="$1" '{sub(/^[*]?([.]\/)?/, "", $2)} $2 == file {print $1}' "$mirror/SHA256SUMS")
  [ -n "$digest" ] || die "$1 is not listed in $mirror/SHA256SUMS"
  echo "$digest"
}

# place FILE DIRECTORY: copies a program from the mirror and checks the copy; a stamp says what is there already.
place() {
  wanted=$(wanted_digest "$1")
  target=$2/${1##*/}
  stamp=$state/digests/$(echo "$1" | tr / _)
  if [ -x "$target" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    return
  fi
  install -d -m 0755 "$2" "$state/digests"
  cp "$mirror/$1" "$target.new"
  [ "$(sha256sum <"$target.new")" = "$wanted  -" ] || die "$mirror/$1 is not what SHA256SUMS says"
  chmod 0755 "$target.new"
  mv -f "$target.new" "$target"
  echo "$wanted" >"$stamp"
  changed "$target"
}

place_image() {
  archive=v$version/images/$1.tar
  wanted=$(wanted_digest "$archive")
  reference=$(tar --occurrence=1 -xOf "$mirror/$archive" manifest.json | sed -n 's/.*"RepoTags": *\[ *"\([^"]*\)".*/\1/p')
  [ -n "$reference" ] || die "$mirror/$archive names no image"
  # by content: etcd, CoreDNS and others are often the same in the next version
  stamp=$state/digests/image_$wanted
  if [ -e "$stamp" ] && echo "$present" | grep -qxF "$reference"; then
    return
  fi
  [ "$(sha256sum <"$mirror/$archive")" = "$wanted  -" ] || die "$mirror/$archive is not what SHA256SUMS says"
  ctr -n k8s.io images import "$mirror/$archive" >/dev/null
  install -d -m 0755 "$state/digests"
  echo "$reference" >"$stamp"
  changed "image $reference"
}

# The pause image is named in containerd's configuration, which belongs to the host.
place_pause() {
  place_image pause
  sandbox=$(containerd_setting sandbox_image)
  if [ -n "$sandbox" ] && [ "$sandbox" != "$reference" ] && ! echo "$present" | grep -qxF "$sandbox"; then
    ctr -n k8s.io images tag "$reference" "$sandbox" >/dev/null
    changed "image $reference is also $sandbox, the name in containerd's configuration"
  fi
}

# load_modules: br_netfilter, whose settings sysctl.d has, where it is a module: a host may have it in its kernel, too.
load_modules() {
  if modinfo br_netfilter >/dev/null 2>&1; then
    echo br_netfilter | install_file /etc/modules-load.d/kubespray-standin.conf 0644
    modprobe br_netfilter || die "the kernel does not load br_netfilter; look at: modprobe -v br_netfilter"
  fi
}

main() {
  lock
  running=none
  [ ! -e /usr/local/bin/kubelet ] || running=$(readlink /usr/local/bin/kubelet | sed -n 's,.*/v\([^/]*\)/kubelet$,\1,p')
  if [ -e "$state/member" ]; then
    version_step "$running" "$version"
    keep_part
  fi
  require
  install -d -m 0755 "$state" /etc/kubernetes
  # on a worker, too: kubelet complains every second where it is missing
  install -d -m 0700 /etc/kubernetes/manifests
  for program in kubeadm kubelet kubectl; do
    place "v$version/$program" "/opt/kubespray-standin/v$version"
  done
  plugins=$(containerd_setting bin_dir)
  for program in bridge host-local loopback portmap; do
    place "cni/$program" "${plugins:-/opt/cni/bin}"
  done

  present=$(ctr -n k8s.io images ls -q)
  place_pause
  images="kube-proxy coredns"
  [ "$control_plane" = no ] || images="etcd kube-apiserver kube-controller-manager kube-scheduler $images"
  # the lab's own tests need it; a mirror may do without
  [ ! -e "$mirror/v$version/images/podtool.tar" ] || images="$images podtool"
  for image in $images; do
    place_image "$image"
  done

  installed=$(install_files)
  if [ -n "$installed" ]; then
    echo "$installed"
    systemctl daemon-reload
  fi
  load_modules
  sysctl -q -p /etc/sysctl.d/90-kubespray-standin.conf || die "sysctl refuses /etc/sysctl.d/90-kubespray-standin.conf"
  systemctl -q enable kubelet kubespray-standin-pods
  case $installed in *kubespray-standin-pods* | *pod-network*) systemctl restart kubespray-standin-pods ;; esac
  systemctl -q is-active kubespray-standin-pods || systemctl start kubespray-standin-pods

  if [ -e "$state/member" ]; then
    echo "state: member"
  elif [ -e "$state/started" ]; then
    echo "state: leftover"
  else
    echo "state: none"
  fi
  echo "version: $running"
}

main </dev/null

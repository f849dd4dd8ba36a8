#!/bin/sh
# Renews this control plane's API certificate when names are wanted that it does not have. kube-apiserver reads it again by itself.
: "${pki:?}" "${name:?}" "${node_ip:?}" "${port:?}" "${names:?}" "${first:?}"

# missing_in FILE: the wanted names that the certificate lacks
missing_in() {
  has=$(openssl x509 -in "$1" -noout -ext subjectAltName | tr ',' '\n' | sed 's/^ *DNS://; s/^ *IP Address://')
  for name_wanted in $names; do
    echo "$has" | grep -qxF "$name_wanted" || echo "$name_wanted"
  done
}

served() {
  openssl s_client -connect "$node_ip:$port" </dev/null 2>/dev/null | openssl x509 >"$answer" && [ -z "$(missing_in "$answer")" ]
}

main() {
  lock
  missing=$(missing_in "$pki/apiserver.crt")
  [ -n "$missing" ] || return 0
  install_files
  old=$(mktemp -d /etc/kubernetes/.apiserver.XXXXXX)
  mv "$pki/apiserver.crt" "$pki/apiserver.key" "$old"
  if ! kubeadm init phase certs apiserver --config /etc/kubernetes/kubeadm-config.yaml >/dev/null; then
    mv "$old"/* "$pki"
    rmdir "$old"
    die "kubeadm init phase certs apiserver failed; the old certificate stays"
  fi
  rm -r "$old"
  if [ "$first" = yes ]; then
    # control planes that join later, and upgrades, take the names from there
    logged kubeadm-upload kubeadm init phase upload-config kubeadm --config /etc/kubernetes/kubeadm-config.yaml
  fi
  answer=$(mktemp)
  wait_until 180 "kube-apiserver on $node_ip to serve its new certificate; look at: kubectl -n kube-system logs kube-apiserver-$name" served
  rm -f "$answer"
  changed "API certificate for $(echo "$missing" | tr '\n' ' ')"
}

main </dev/null

#!/bin/sh
# Prints a short-lived token, the CA's hash and (for control planes) the key of the uploaded certificates: for no_log tasks only.
# A host that joins is no member: a node object or an etcd member of its name is left from an earlier life, and is removed.
: "${kubeconfig:?}" "${pki:?}" "${joining:?}" "${joining_etcd_peers:?}" "${version:?}"

main() {
  for host in $joining; do
    patiently kubectl --kubeconfig "$kubeconfig" delete node "$host" --ignore-not-found >/dev/null
  done
  key=
  if [ "$joining_etcd_peers" != none ]; then
    for address in $joining_etcd_peers; do
      forget_etcd_member "$address" >/dev/null
    done
    settings=$(mktemp)
    # without a version kubeadm would ask the internet for the newest
    printf 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v%s\n' "$version" >"$settings"
    key=$(kubeadm init phase upload-certs --upload-certs --config "$settings" | tail -n 1)
    rm -f "$settings"
    echo "$key" | grep -Eqx '[0-9a-f]{64}' || die "kubeadm init phase upload-certs gave no key; run it by hand to see why"
  fi
  token=$(patiently kubeadm token create --ttl 30m0s --description "kubespray stand-in: join")
  hash=$(openssl x509 -pubkey -noout -in "$pki/ca.crt" | openssl pkey -pubin -outform der | sha256sum | cut -d' ' -f1)
  printf '{"token": "%s", "hash": "sha256:%s", "certificate_key": "%s"}\n' "$token" "$hash" "$key"
}

main </dev/null

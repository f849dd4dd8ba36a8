# shellcheck shell=sh disable=SC2154
# Has Kubespray's k8s-certs-renew.service renew certificates only when one ends soon; see renewal_due.sh. Sourced after lib.sh.
# The drop-in is there before Kubespray's unit, and is without effect on hosts that never have that unit.
renewal=$units/k8s-certs-renew.service.d

renew_only_when_due() {
    mkdir -p "$renewal"
    chmod 755 "$renewal"
    put "$renewal/renewal_due.sh" 644 cat "$here/renewal_due.sh"
    put "$renewal/10-due.conf" 644 printf '[Service]\nExecCondition=/bin/sh %s/renewal_due.sh\n' "$renewal"
}

forget_renewal() {
    rm -f "$renewal/10-due.conf" "$renewal/renewal_due.sh"
    rmdir "$renewal" 2>/dev/null || :
}

#!/bin/sh
# renewal_due.sh: the condition of k8s-certs-renew.service, which renews the control plane's certificates and restarts it.
#
# Kubespray v2.31 has a script that looks for the next run of its timer in order to skip the renewal, but systemd names none
# while the unit runs: so it renews and restarts every month. This script succeeds if a certificate ends within a week after
# the next run, if that cannot be determined, and with every Kubespray that has another script.
set -eu
unit=k8s-certs-renew

renew() {
    echo "renewing: $*"
    exit 0
}

script=$(systemctl show --property=ExecStart --value "$unit.service" | sed -n 's/^.*path=\([^ ;]*\).*$/\1/p')
case $script in
*.sh) grep -q NextElapseUSecRealtime "$script" || renew "$script decides" ;;
*) renew "$script decides" ;;
esac
calendar=$(systemctl show --property=TimersCalendar --value "$unit.timer" | sed -n 's/^.*OnCalendar=\(.*\) ; next_elapse=.*$/\1/p')
next=$(TZ=UTC LC_ALL=C systemd-analyze calendar "$calendar" | sed -n 's/^ *Next elapse: *//p')
[ -n "$next" ] || renew "the next run of $unit.timer is not known"
next=$(LC_ALL=C date -d "$next" +%s)
within=$((next - $(date +%s) + 7 * 86400))
certificates='{range .certificates[*]}{.missing} {.residualTime}{"\n"}{end}' # of which some are on the first node only
list=$("${script%/*}/kubeadm" certs check-expiration -o jsonpath="$certificates") || renew "kubeadm names no certificates"
if printf '%s\n' "$list" |
    awk -v within="$within" '$1 == "false" { known = 1; if ($2 + 0 < within) due = 1 } END { exit known && !due }'; then
    renew "a certificate ends within $((within / 86400)) days, or none was found"
fi
echo "no certificate ends within $((within / 86400)) days"
exit 1

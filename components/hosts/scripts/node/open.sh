#!/bin/sh
# open.sh: opens in the firewalls that run on this host what the mesh and the cluster need. stretched-open.service runs it
# when firewalld starts or ufw is switched on.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$here/relay.sh"
# shellcheck source=/dev/null
. "$here/others.sh"

lock "$@"
# Once more if ufw was switched meanwhile: stretched-open.path does not see a change while the service runs.
ufw_conf() { cat /etc/ufw/ufw.conf 2>/dev/null || :; }
switched=none
until [ "$switched" = "$(ufw_conf)" ]; do
    switched=$(ufw_conf)
    others_follow
done
[ -n "$in_charge" ] || say "no other firewall is running"

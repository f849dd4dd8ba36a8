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
others_follow
[ -n "$in_charge" ] || say "no other firewall is running"

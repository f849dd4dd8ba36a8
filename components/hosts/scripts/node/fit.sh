#!/bin/sh
# fit.sh: asks what the path to each peer carries, and lowers the MTU of routes where that is less than wg0's.
# After verify.sh: peers answer. May be repeated; what is wide again gets wg0's MTU back.
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$here/mtu.sh"

lock
mtu_fit

#!/bin/sh
# fit.sh: measures the path MTU to each peer, and lowers the MTU of routes where it is less than wg0's.
# Run after verify.sh, when peers answer. May be repeated: a path that carries wg0's MTU again loses its route.
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$here/mtu.sh"

lock "$@"
mtu_fit

# shellcheck shell=sh disable=SC2034
# Paths and functions that the deployer's scripts share. Sourced, never run.
set -eu
umask 077

state=/var/lib/stretched
unit=stretched-playbooks.service
lock=/run/stretched-playbooks.lock
log=$state/playbooks.log
progress=$state/progress.log
failures=$state/failures
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/homes.sh"

say() {
    printf '%s\n' "$*"
}

die() {
    printf 'error on %s: %s\n' "$(uname -n)" "$*" >&2
    exit 1
}

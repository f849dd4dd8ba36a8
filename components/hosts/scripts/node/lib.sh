# shellcheck shell=sh disable=SC2034
# Functions and paths that the scripts of a host share. Sourced, never run.
set -eu
umask 077

conf=/etc/wireguard/wg0.conf
etc=${STRETCHED_ETC:-/etc/stretched}
units=${STRETCHED_UNITS:-/etc/systemd/system}
tables_unit=stretched-tables
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

say() {
    printf '%s\n' "$*"
}

die() {
    printf 'error on %s: %s\n' "$(uname -n)" "$*" >&2
    exit 1
}

# at_end COMMAND: runs the command when the script ends, also by a signal: dash skips the EXIT trap when a signal ends it.
at_end() {
    # shellcheck disable=SC2064
    trap "$1" EXIT
    trap 'exit 143' HUP INT PIPE TERM
}

# lock "$@": serializes changes of a host: a second one waits for the first. Runs the script again, with these arguments, as a
# child without the lock's descriptor: whatever the script starts cannot hold the lock after its end.
lock() {
    [ "${STRETCHED_LOCKED:-}" != "$PPID" ] || return 0
    exec 9>/run/stretched.lock
    flock -w 120 9 || die "another run has been changing this host for two minutes; see: fuser /run/stretched.lock"
    trap : HUP INT PIPE TERM # the child gets such a signal too; the lock is held until it has ended
    status=0
    STRETCHED_LOCKED=$$ sh "$0" "$@" 9>&- || status=$?
    exit "$status"
}

# ours MODULE ARGUMENTS...: runs one of the Python modules in $here. python3 -m imports from the working directory first,
# so it changes there; it ignores PYTHON* variables and the user's packages.
ours() (
    cd "$here"
    exec ${within:+timeout "$within"} python3 -B -E -s -m "$@"
)

# swap_in NEW OLD MODE: atomically replaces the file OLD with NEW, with this mode. Ends the script if it cannot.
# The shell ignores errexit in a function that is called in a condition, so each step is checked by itself.
swap_in() {
    chmod "$3" "$1" || die "$2 was not replaced"
    if command -v restorecon >/dev/null; then
        restorecon "$1" 2>/dev/null 8>&- || : # without the descriptor of failover.sh: SELinux refuses it
    fi
    { sync "$1" && mv -f "$1" "$2"; } || die "$2 was not replaced"
}

# put FILE MODE COMMAND...: replaces the file with the output of the command, and sets fresh=yes; does nothing if the file
# has that content already. Ends the script, and leaves the file as it is, if the command fails or its output cannot be
# written whole. The command must not be a pipeline or a list whose status hides a failure.
put() {
    put_file=$1
    put_mode=$2
    shift 2
    # In the same directory, for its SELinux label.
    put_new=$(mktemp "${put_file%/*}/.stretched.XXXXXX") || die "$put_file was not replaced"
    "$@" >"$put_new" || { rm -f "$put_new"; die "$put_file was not replaced: its new content could not be written"; }
    if cmp -s "$put_new" "$put_file"; then
        rm -f "$put_new"
    else
        swap_in "$put_new" "$put_file" "$put_mode"
        # shellcheck disable=SC2034
        fresh=yes
    fi
}

# switch_on UNIT MESSAGE: enables and restarts a unit; ends with the message if it does not start.
switch_on() {
    systemctl daemon-reload
    systemctl enable --quiet "$1"
    systemctl restart "$1" || die "$2; see: journalctl -u $1"
}

# tables_on DIRECTORY: has systemd load our nftables tables again where somebody deleted them, by the files in this directory.
# tables_off ends this if no unit of a table is left.
tables_on() {
    mkdir -p "$etc"
    put "$etc/tables.sh" 644 cat "$1/tables.sh"
    put "$units/$tables_unit.service" 644 cat "$1/tables.service"
    put "$units/$tables_unit-check.service" 644 cat "$1/tables_check.service"
    put "$units/$tables_unit.timer" 644 cat "$1/tables.timer"
    systemctl enable --quiet $tables_unit.service
    systemctl enable --quiet --now $tables_unit.timer
}

tables_off() {
    for table in firewall relay services-table; do
        [ ! -e "$units/stretched-$table.service" ] || return 0
    done
    [ -e "$units/$tables_unit.service" ] || return 0
    switch_off $tables_unit.timer
    switch_off $tables_unit.service "$units/$tables_unit-check.service" "$etc/tables.sh"
}

# switch_off UNIT [FILE...]: stops and disables a unit that switch_on started, and removes it and these files.
switch_off() {
    systemctl disable --quiet --now "$1" || :
    gone=$units/$1
    shift
    take_away "$gone" "$@"
}

# take_away FILE...: removes files, unit files among them, and our directory once it is empty.
take_away() {
    rm -f "$@"
    rmdir "$etc" 2>/dev/null || :
    systemctl daemon-reload
}

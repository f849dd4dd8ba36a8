# shellcheck shell=sh disable=SC2034
# Functions and paths that the scripts of a host share. Sourced, never run.
set -eu
umask 077

conf=/etc/wireguard/wg0.conf
etc=${STRETCHED_ETC:-/etc/stretched}
units=${STRETCHED_UNITS:-/etc/systemd/system}
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

# Serializes changes of a host: a second one waits for the first.
lock() {
    exec 9>/run/stretched.lock
    flock -w 120 9 || die "another run has been changing this host for two minutes; see: fuser /run/stretched.lock"
}

firewalld_runs() {
    command -v firewall-cmd >/dev/null && firewall-cmd --state >/dev/null 2>&1
}

install_packages() {
    say "installing $*"
    if command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -q || die "apt-get update failed; see above"
        apt-get install -q -y --no-install-recommends "$@" || die "apt-get could not install $*"
    else
        dnf install -q -y "$@" || die "dnf could not install $*"
    fi
}

# ours MODULE ARGUMENTS...: runs one of the Python modules in $here. python3 -m imports from the working directory first,
# so it changes there; it ignores PYTHON* variables and the user's packages.
ours() (
    cd "$here"
    exec ${within:+timeout "$within"} python3 -B -E -s -m "$@"
)

# swap_in NEW OLD MODE: atomically replaces the file OLD with NEW, with this mode.
swap_in() {
    chmod "$3" "$1"
    if command -v restorecon >/dev/null; then
        restorecon "$1" 2>/dev/null || :
    fi
    mv -f "$1" "$2"
}

# Replaces file $1 with standard input; fails if the file already has that content.
changed() {
    new=$(mktemp "$(dirname "$1")/.stretched.XXXXXX") # in the same directory, for its SELinux label
    cat >"$new"
    if cmp -s "$new" "$1"; then
        rm -f "$new"
        return 1
    fi
    swap_in "$new" "$1" 644
}

# switch_on UNIT MESSAGE: enables and restarts a unit; ends with the message if it does not start.
switch_on() {
    systemctl daemon-reload
    systemctl enable --quiet "$1"
    systemctl restart "$1" || die "$2; see: journalctl -u $1"
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

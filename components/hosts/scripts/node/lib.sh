# shellcheck shell=sh disable=SC2034
# What the scripts of a host share. Sourced, never run.
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

# at_end COMMAND: has it run when the script ends, by a signal too: dash forgets the EXIT trap when a signal ends it.
at_end() {
    # shellcheck disable=SC2064
    trap "$1" EXIT
    trap 'exit 143' HUP INT PIPE TERM
}

# One change of a host at a time; a second one waits for the first.
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

# ours MODULE WORDS...: runs one of the Python modules that lie here. python3 -m imports from the working directory first, so that
# this is ours too; the environment and the user's own packages have no say.
ours() (
    cd "$here"
    exec ${within:+timeout "$within"} python3 -B -E -s -m "$@"
)

# Puts the new file in the place of the old one at once, with mode $3.
swap_in() {
    chmod "$3" "$1"
    if command -v restorecon >/dev/null; then
        restorecon "$1" 2>/dev/null || :
    fi
    mv -f "$1" "$2"
}

# Puts standard input in the place of file $1; fails when that is what the file held already.
changed() {
    new=$(mktemp "$(dirname "$1")/.stretched.XXXXXX") # there it gets its SELinux label
    cat >"$new"
    if cmp -s "$new" "$1"; then
        rm -f "$new"
        return 1
    fi
    swap_in "$new" "$1" 644
}

# switch_on UNIT WORDS: starts a unit anew, now and at every boot. The words say what cannot be done where it does not start.
switch_on() {
    systemctl daemon-reload
    systemctl enable --quiet "$1"
    systemctl restart "$1" || die "$2; see: journalctl -u $1"
}

# switch_off UNIT [FILE...]: ends a unit that switch_on started, and removes it and these files.
switch_off() {
    systemctl disable --quiet --now "$1" || :
    gone=$units/$1
    shift
    take_away "$gone" "$@"
}

# take_away FILE...: removes them, a unit's among them, and our directory with the last one in it.
take_away() {
    rm -f "$@"
    rmdir "$etc" 2>/dev/null || :
    systemctl daemon-reload
}

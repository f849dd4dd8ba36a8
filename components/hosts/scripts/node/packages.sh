# shellcheck shell=sh
# Installs packages by apt-get or dnf. Other programs hold their locks for minutes, unattended-upgrades above all; and a
# repository may be broken that none of our packages comes from. The output is shown only if the installation fails.
# Sourced by scripts that define say and die, never run.

packages_patience=${STRETCHED_PACKAGES_PATIENCE:-300} # seconds to wait for locks, over all steps

# What apt-get, dpkg, debconf and dnf say if another program has the lock; the lines of apt-get and dnf name that program.
locked='Could not get lock|locked by another process|already locked by'

# unlocked FILE COMMAND...: runs the command with its output in FILE, again while another program has the lock.
unlocked() {
    output=$1
    shift
    holder=
    until LC_ALL=C "$@" >"$output" 2>&1 </dev/null; do
        before=$holder
        holder=$(grep -m 1 -E "$locked" "$output") || return 1
        left=$((packages_end - $(date +%s)))
        [ $left -gt 0 ] || return 1
        [ "$holder" = "$before" ] || say "another program installs packages, waiting $left s at most: $holder"
        sleep 2 # a shell cannot wait for a lock of fcntl(2)
    done
}

apt_limits='-o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20'

# shellcheck disable=SC2086 # $apt_limits is split into words
by_apt() {
    # No question about a changed file in /etc, which keeps its content; no restart of services by needrestart.
    export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l
    unlocked "$packages_log.update" timeout 180 apt-get $apt_limits update ||
        say "apt-get update failed, continuing with the package lists that exist: $(grep '^E:' "$packages_log.update" | head -n 3)"
    unlocked "$packages_log" apt-get $apt_limits install -y --no-install-recommends \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

by_dnf() {
    # A repository that cannot be reached is left out. Where dnf would wait for a lock for ever, `unlocked` waits.
    unlocked "$packages_log" dnf install -q -y --setopt='*.skip_if_unavailable=1' --setopt=exit_on_lock=1 "$@"
}

# install_packages PACKAGE...: ends the script if they cannot be installed.
install_packages() {
    say "installing $*"
    packages_end=$(($(date +%s) + packages_patience))
    packages_log=$(mktemp) || die "$* cannot be installed: no temporary file can be made"
    manager=dnf
    ! command -v apt-get >/dev/null || manager=apt
    if ! "by_$manager" "$@"; then
        [ ! -e "$packages_log.update" ] || cat "$packages_log.update" >&2
        cat "$packages_log" >&2
        rm -f "$packages_log" "$packages_log.update"
        die "$manager could not install $* (see above)"
    fi
    rm -f "$packages_log" "$packages_log.update"
}

# shellcheck shell=sh disable=SC2034,SC2154
# preflight: the commands that the scripts of a host run, WireGuard, and SFTP. What prepare.sh installs is not among them.
# tests/hosts/scripts/test_preflight_tools.py compares this list with the scripts.

# A line for each package: its name in Debian, its name in RHEL, its commands. coreutils is expected everywhere.
needed_commands="
mawk,gawk awk
diffutils cmp
findutils find
grep grep
iproute2,iproute ip ss
iputils-ping,iputils ping
kmod modprobe
libc-bin,glibc-common getent
sed sed
tar tar
util-linux flock setpriv
"
# Commands without which the checks themselves cannot run.
checks_use="awk df grep ip sed sort ss stat timeout tr"

# missing_commands COMMAND...: prints those that are not on this host.
missing_commands() {
    for command in "$@"; do
        command -v "$command" >/dev/null || printf '%s ' "$command"
    done
}

check_tools() {
    [ -d /run/systemd/system ] || obstacle "systemd is not running: this system cannot be a node"
    command -v apt-get >/dev/null || command -v dnf >/dev/null ||
        obstacle "neither apt-get nor dnf: only Debian-like and RHEL-like systems are supported"
    while read -r packages commands; do
        # shellcheck disable=SC2086 # lists
        for command in $(missing_commands $commands); do
            obstacle "the command $command is missing: install the package ${packages%,*} (in RHEL ${packages#*,})"
        done
    done <<END
$needed_commands
END
    # shellcheck disable=SC2086
    for command in $(missing_commands head mktemp sha256sum timeout); do
        obstacle "the command $command is missing: install the package coreutils"
    done
}

check_wireguard() {
    if [ ! -d /sys/module/wireguard ] && ! modprobe -n wireguard 2>/dev/null; then
        if ! command -v wireguard-go >/dev/null; then
            obstacle "the kernel has no WireGuard and there is no wireguard-go: install a kernel of the distribution with the" \
                "module wireguard (in some it is in a package of its own, such as kernel-modules-extra)"
        elif [ ! -c /dev/net/tun ]; then
            obstacle "wireguard-go needs /dev/net/tun: load the module tun (modprobe tun)"
        fi
    fi
    conf=/etc/wireguard/wg0.conf
    if [ -e "$conf" ] && ! wg0_is_ours; then
        obstacle "$conf was not written by this program: move it away (wg-quick down wg0; mv $conf $conf.old)"
    elif [ ! -e "$conf" ] && [ -e /sys/class/net/wg0 ]; then
        obstacle "an interface wg0 exists that this program did not create: remove it (ip link del wg0)"
    fi
}

wg0_is_ours() {
    grep -q '^# stretched:' /etc/wireguard/wg0.conf 2>/dev/null
}

# wg0_setting KEY: prints a setting of the interface in our wg0.conf, nothing without one.
wg0_setting() {
    ! wg0_is_ours || awk -F' *= *' -v key="$1" '$1 == key { print $2; exit }' /etc/wireguard/wg0.conf
}

# Files come by SFTP. The effective configuration of sshd is read, as far as sshd prints it.
check_sftp() {
    for sshd in "$(command -v sshd)" /usr/sbin/sshd /usr/local/sbin/sshd; do
        [ ! -x "$sshd" ] || break
    done
    [ -x "$sshd" ] || return 0 # another server
    settings=$("$sshd" -T -C user="${SUDO_USER:-root}",host=localhost,addr=127.0.0.1 2>/dev/null) || return 0
    server=$(printf '%s\n' "$settings" | awk 'tolower($1) == "subsystem" && $2 == "sftp" { print $3 }')
    case $server in
    '')
        obstacle "sshd has no SFTP: write \`Subsystem sftp internal-sftp\` in /etc/ssh/sshd_config and reload sshd"
        ;;
    /*)
        [ -x "$server" ] || obstacle "sshd's SFTP server $server is missing: install openssh-sftp-server (in RHEL" \
            "openssh-server), or write \`Subsystem sftp internal-sftp\` in /etc/ssh/sshd_config and reload sshd"
        ;;
    esac
}

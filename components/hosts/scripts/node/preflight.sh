#!/bin/sh
# Checks, before any host is changed, whether this host meets the requirements. Changes nothing, and reports all obstacles
# at once. It is read from standard input, because no file of ours is on the host yet. Arguments: the trigger of the check,
# which is ignored; for a host with a firewall, the ranges from which SSH is allowed, and login.sh is prepended.
set -u

obstacles=0
obstacle() {
    obstacles=$((obstacles + 1))
    printf 'obstacle: %s\n' "$*" >&2
}

[ "$(id -u)" = 0 ] || obstacle "not root: log in as root, or as a user with passwordless sudo"
[ -d /run/systemd/system ] || obstacle "systemd is not running"
command -v apt-get >/dev/null || command -v dnf >/dev/null ||
    obstacle "neither apt-get nor dnf: only Debian-like and RHEL-like systems are supported"
for tool in awk flock ip mktemp ping timeout; do
    command -v "$tool" >/dev/null || obstacle "the command $tool is missing: install it"
done

if [ ! -d /sys/module/wireguard ] && ! modprobe -n wireguard 2>/dev/null; then
    if ! command -v wireguard-go >/dev/null; then
        obstacle "the kernel has no WireGuard and there is no wireguard-go"
    elif [ ! -c /dev/net/tun ]; then
        obstacle "wireguard-go needs /dev/net/tun"
    fi
fi

conf=/etc/wireguard/wg0.conf
if [ -e "$conf" ] && ! grep -q '^# stretched:' "$conf"; then
    obstacle "$conf was not written by this program: move it away (wg-quick down wg0; mv $conf $conf.old)"
elif [ ! -e "$conf" ] && [ -e /sys/class/net/wg0 ]; then
    obstacle "an interface wg0 exists that this program did not create: remove it (ip link del wg0)"
fi

if [ $# -gt 1 ]; then
    shift
    from=$(ssh_connection) || from=
    from=${from%% *}
    [ -z "$from" ] || inside "$from" "$@" ||
        obstacle "firewall.ssh would lock Pulumi out: it comes from $from, which is in none of $*: add it to firewall.ssh"
fi

if [ "$obstacles" -gt 0 ]; then
    printf '%s: %d obstacle(s), no host was changed\n' "$(uname -n)" "$obstacles" >&2
    exit 1
fi
# shellcheck source=/dev/null
. /etc/os-release
printf 'ready: %s, Linux %s\n' "${PRETTY_NAME:-unknown system}" "$(uname -r)"

#!/bin/sh
# Asks a host, before any host is changed, whether it can take part. Changes nothing. Reports every obstacle at once.
# Comes over standard input: nothing of ours is on the host yet. Words: the occasion; where the host shall have a firewall,
# the ranges that SSH may come from, and login.sh stands before this.
set -u

obstacles=0
obstacle() {
    obstacles=$((obstacles + 1))
    printf 'obstacle: %s\n' "$*" >&2
}

[ "$(id -u)" = 0 ] || obstacle "not root: log in as root, or as a user with passwordless sudo"
[ -d /run/systemd/system ] || obstacle "systemd is not running"
command -v apt-get >/dev/null || command -v dnf >/dev/null ||
    obstacle "neither apt-get nor dnf: only Debian-like and RHEL-like systems are known"
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
    obstacle "$conf is somebody else's: move it away (wg-quick down wg0; mv $conf $conf.old)"
elif [ ! -e "$conf" ] && [ -e /sys/class/net/wg0 ]; then
    obstacle "an interface wg0 is there that is not ours: remove it (ip link del wg0)"
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

#!/bin/sh
# prepare.sh apply|remove: packages, the deployer's access, Kubernetes after wg0, and firewalld where it is in charge.
# apply may be repeated; remove takes back all but the packages.
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$here/relay.sh"

port=$(awk -F' *= *' '$1 == "ListenPort" { print $2 }' "$here/wg0.public.conf")
marker='stretched-deployer$'

install_packages() {
    missing=''
    command -v wg >/dev/null || missing="$missing wireguard-tools"
    command -v python3 >/dev/null || missing="$missing python3"
    if is_relay && ! command -v nft >/dev/null; then
        missing="$missing nftables"
    fi
    [ -n "$missing" ] || return 0
    say "installing$missing"
    if command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -q || die "apt-get update failed; see above"
        # shellcheck disable=SC2086
        apt-get install -q -y --no-install-recommends $missing || die "apt-get could not install$missing"
    else
        # shellcheck disable=SC2086
        dnf install -q -y $missing || die "dnf could not install$missing"
    fi
}

home_of_login_user() {
    getent passwd "${SUDO_USER:-root}" | cut -d: -f6
}

# Writes authorized_keys without our line, and with the line in file $1 when given.
set_authorized_key() {
    ssh_dir=$(home_of_login_user)/.ssh
    keys=$ssh_dir/authorized_keys
    owner=${SUDO_USER:-root}
    if [ ! -d "$ssh_dir" ]; then
        mkdir -m 700 "$ssh_dir"
        chown "$owner": "$ssh_dir"
    fi
    new=$(mktemp "$ssh_dir/.stretched.XXXXXX")
    if [ -e "$keys" ]; then
        grep -v "$marker" "$keys" >"$new" || :
    fi
    [ -z "${1:-}" ] || cat "$1" >>"$new"
    if [ -e "$keys" ] && cmp -s "$new" "$keys"; then
        rm -f "$new"
        return 0
    fi
    chown "$owner": "$new"
    swap_in "$new" "$keys" 600
}

# Kubernetes starts after wg0 at every boot: its addresses are wg0's.
order_after_wg0() {
    for unit in kubelet etcd; do
        mkdir -p "$units/$unit.service.d"
        printf '[Unit]\nWants=wg-quick@wg0.service\nAfter=wg-quick@wg0.service\n' >"$units/$unit.service.d/10-wg0.conf"
        chmod 755 "$units/$unit.service.d"
        chmod 644 "$units/$unit.service.d/10-wg0.conf"
    done
    systemctl daemon-reload
}

forget_order() {
    for unit in kubelet etcd; do
        rm -f "$units/$unit.service.d/10-wg0.conf"
        rmdir "$units/$unit.service.d" 2>/dev/null || :
    done
    systemctl daemon-reload
}

case ${1:-} in
apply)
    lock
    install_packages
    set_authorized_key "$here/authorized_keys"
    order_after_wg0
    if firewalld_runs; then
        say "firewalld: opening UDP $port, trusting wg0"
        firewall-cmd -q --permanent --add-port="$port/udp"
        firewall-cmd -q --permanent --zone=trusted --change-interface=wg0
        firewall-cmd -q --reload
    fi
    say "prepared"
    ;;
remove)
    lock
    set_authorized_key ''
    forget_order
    if firewalld_runs; then
        firewall-cmd -q --permanent --remove-port="$port/udp"
        firewall-cmd -q --permanent --zone=trusted --remove-interface=wg0
        firewall-cmd -q --reload
    fi
    rm -rf "$here"
    rmdir "$(dirname "$here")" 2>/dev/null || :
    ;;
*)
    die "usage: prepare.sh apply|remove"
    ;;
esac

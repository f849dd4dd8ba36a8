#!/bin/sh
# prepare.sh apply|remove: packages, the deployer's access, Kubernetes after wg0, and firewalld where it is in charge.
# apply may be repeated; remove takes back all but the packages.
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$here/relay.sh"
# shellcheck source=/dev/null
. "$here/firewall_rules.sh"

port=$(awk -F' *= *' '$1 == "ListenPort" { print $2 }' "$here/wg0.public.conf")
marker='stretched-deployer$'
login=${SUDO_USER:-root}

install_what_is_missing() {
    missing=''
    command -v wg >/dev/null || missing="$missing wireguard-tools"
    command -v python3 >/dev/null || missing="$missing python3"
    if is_relay && ! command -v nft >/dev/null; then
        missing="$missing nftables"
    fi
    # shellcheck disable=SC2086
    [ -z "$missing" ] || install_packages $missing
}

# set_authorized_key USER [FILE]: writes the user's authorized_keys without our line, and with the line in the file.
set_authorized_key() {
    owner=$1
    ssh_dir=$(getent passwd "$owner" | cut -d: -f6)/.ssh
    keys=$ssh_dir/authorized_keys
    if [ ! -d "$ssh_dir" ]; then
        mkdir -m 700 "$ssh_dir"
        chown "$owner": "$ssh_dir"
    fi
    new=$(mktemp "$ssh_dir/.stretched.XXXXXX")
    if [ -e "$keys" ]; then
        grep -v "$marker" "$keys" >"$new" || :
    fi
    [ -z "${2:-}" ] || cat "$2" >>"$new"
    if [ -e "$keys" ] && cmp -s "$new" "$keys"; then
        rm -f "$new"
        return 0
    fi
    chown "$owner": "$new"
    swap_in "$new" "$keys" 600
}

# Takes back what an earlier login user has of ours, where the configuration has another one now.
forget_earlier_login() {
    ours=$(stat -c %d:%i "$here")
    getent passwd | while IFS=: read -r user _ _ _ _ home _; do
        there=$home/.stretched/node
        if [ ! -e "$there/prepare.sh" ] || [ "$(stat -c %d:%i "$there")" = "$ours" ]; then
            continue
        fi
        set_authorized_key "$user"
        rm -rf "$home/.stretched"
    done
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
    install_what_is_missing
    set_authorized_key "$login" "$here/authorized_keys"
    forget_earlier_login
    order_after_wg0
    if firewalld_runs; then
        say "firewalld: opening UDP $port, trusting wg0"
        firewall-cmd -q --permanent --add-port="$port/udp"
        firewall-cmd -q --permanent --zone=trusted --change-interface=wg0
        firewall-cmd -q --reload
    fi
    # Before tunnels: with ufw in charge they need the port. A table of our own comes after them.
    # shellcheck disable=SC2154
    if [ -e "$firewall_facts" ]; then
        firewall_follows
    elif [ -e "$here/firewall.conf" ]; then
        through_others "$here/firewall.conf" || :
    fi
    say "prepared"
    ;;
remove)
    lock
    set_authorized_key "$login"
    forget_order
    if firewalld_runs; then
        firewall-cmd -q --permanent --remove-port="$port/udp"
        firewall-cmd -q --permanent --zone=trusted --remove-interface=wg0
        firewall-cmd -q --reload
    fi
    forget_firewall
    rm -rf "$here"
    rmdir "$(dirname "$here")" 2>/dev/null || :
    ;;
*)
    die "usage: prepare.sh apply|remove"
    ;;
esac

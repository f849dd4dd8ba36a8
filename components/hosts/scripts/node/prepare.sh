#!/bin/sh
# shellcheck disable=SC2154
# prepare.sh apply NODE, or remove NODE: installs packages, gives the deployer access, orders Kubernetes after wg0, and opens
# in firewalld and ufw what the mesh and the cluster need. remove reverts everything except the packages. Both may be repeated.
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$here/relay.sh"
# shellcheck source=/dev/null
. "$here/others.sh"
# shellcheck source=/dev/null
. "$here/firewall_rules.sh"
# shellcheck source=/dev/null
. "$here/packages.sh"
# shellcheck source=/dev/null
. "$here/homes.sh"
# shellcheck source=/dev/null
. "$here/renewal.sh"

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

# Records the node's name and the login user, before anything is done for them.
remember_login() {
    mkdir -p "$uploads"
    printf '%s\n' "$name" >"$uploads/.name"
    mv -f "$uploads/.name" "$uploads/name"
    touch "$uploads/logins"
    grep -qxF -e "$login" "$uploads/logins" || printf '%s\n' "$login" >>"$uploads/logins"
}

# Removes our files from the homes of earlier login users, if the configuration has another one now. Enters only homes that
# we wrote to.
forget_earlier_logins() {
    printf '%s\n' "$login" >"$uploads/.logins"
    while read -r user; do
        if [ "$user" != "$login" ] && ! as_user "$user" forget "$name"; then
            say "the home of $user cannot be entered: the deployer's key stays there until the next run" >&2
            printf '%s\n' "$user" >>"$uploads/.logins"
        fi
    done <"$uploads/logins"
    mv -f "$uploads/.logins" "$uploads/logins"
}

forget_logins() {
    [ -s "$uploads/logins" ] || return 0
    while read -r user; do
        as_user "$user" forget "$(cat "$uploads/name")" || say "the home of $user cannot be entered: the deployer's key stays there" >&2
    done <"$uploads/logins"
}

# Orders Kubernetes after wg0 at every boot, because it uses wg0's addresses.
order_after_wg0() {
    for unit in kubelet etcd; do
        mkdir -p "$units/$unit.service.d"
        chmod 755 "$units/$unit.service.d"
        put "$units/$unit.service.d/10-wg0.conf" 644 \
            printf '[Unit]\nWants=wg-quick@wg0.service\nAfter=wg-quick@wg0.service\n'
    done
    renew_only_when_due
    systemctl daemon-reload
}

forget_order() {
    for unit in kubelet etcd; do
        rm -f "$units/$unit.service.d/10-wg0.conf"
        rmdir "$units/$unit.service.d" 2>/dev/null || :
    done
    forget_renewal
    systemctl daemon-reload
}

case ${1:-} in
apply)
    begin_with node "$(bundle_name)"
    lock "$@"
    name=${2:?NODE}
    remember_login
    install_what_is_missing
    as_user "$login" let_in "$(cat "$here/authorized_keys")"
    forget_earlier_logins
    order_after_wg0
    # Other firewalls must open the port before the tunnels come up. Our own table is loaded after them.
    hook_on
    firewall_follows
    settle node "$(bundle_name)"
    say "prepared"
    ;;
remove)
    lock "$@"
    only_as "${2:-}"
    forget_logins
    forget_order
    rm -rf "$firewall"
    close_others
    forget_uploads
    say "removed"
    ;;
*)
    die "usage: prepare.sh apply NODE, or remove NODE"
    ;;
esac

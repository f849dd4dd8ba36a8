# shellcheck shell=sh disable=SC3013
# in_home.sh WORDS...: what is done below the home of a login user. It runs as that user, in the home, from standard input:
# homes.sh. So a symbolic link or a directory that somebody laid there leads no further than this user may go.
#   let_in LINE          authorized_keys has this line of ours, and no other
#   keep NODE KIND NAME  of a node's uploads of a kind this one stays; older ones go
#   drop NODE KIND       none of them stays
#   forget NODE          nothing stays for this node. The line stays while other hosts share the home
#   forget_first_layout  uploads as versions before made them, one directory for all hosts
set -eu
umask 077
keys=.ssh/authorized_keys

# Writes authorized_keys without our line, and with the line $1 if that is not empty.
write_keys() {
    [ -e "$keys" ] || [ -n "$1" ] || return 0
    [ -d .ssh ] || mkdir -m 700 .ssh
    new=$(mktemp .ssh/.stretched.XXXXXX)
    trap 'rm -f "$new"' EXIT
    if [ -e "$keys" ]; then
        grep -v 'stretched-deployer$' "$keys" >"$new" || [ $? = 1 ] # 1: there are no other lines
    fi
    [ -z "$1" ] || printf '%s\n' "$1" >>"$new"
    if [ -e "$keys" ] && cmp -s "$new" "$keys"; then
        return 0
    fi
    chmod 600 "$new"
    if command -v restorecon >/dev/null; then
        restorecon .ssh "$new" 2>/dev/null || :
    fi
    mv -f "$new" "$keys"
}

# Removes directories that are empty, from the innermost on.
tidy() {
    rmdir "$@" .stretched/nodes .stretched 2>/dev/null || :
}

what=$1
uploads=.stretched/nodes
case $what in
let_in) write_keys "$2" ;;
keep)
    for upload in "$uploads/${2:?}/${3:?}"/*; do
        [ ! "$upload" -ot "$uploads/$2/$3/$4" ] || rm -rf "$upload"
    done
    ;;
drop)
    rm -rf "$uploads/${2:?}/${3:?}"
    tidy "$uploads/$2"
    ;;
forget)
    rm -rf "$uploads/${2:?}"
    tidy
    [ -d "$uploads" ] || write_keys ''
    ;;
forget_first_layout)
    if [ -e .stretched/node/prepare.sh ] || [ -e .stretched/playbooks/deploy.sh ]; then
        rm -rf .stretched/node .stretched/playbooks .stretched/inventory
        tidy
    fi
    ;;
esac

# shellcheck shell=sh disable=SC3013
# in_home.sh ACTION ARGUMENTS...: changes files below the home of a login user. homes.sh runs it from standard input, as
# that user, in the home. So a symbolic link or a directory planted there gives no more access than the user has.
#   let_in LINE          puts this line of ours into authorized_keys, and removes other lines of ours
#   keep NODE KIND NAME  removes the node's uploads of this kind that are older than this one
#   drop NODE KIND       removes all of the node's uploads of this kind
#   forget NODE          removes everything of this node. The line stays while other hosts share the home
#   forget_first_layout  removes the uploads of earlier versions, which had one directory for all hosts
set -eu
umask 077
keys=.ssh/authorized_keys

# Rewrites authorized_keys without our line, then appends the line $1 unless it is empty.
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

# Removes empty directories, the innermost first.
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

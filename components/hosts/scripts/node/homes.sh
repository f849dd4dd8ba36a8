# shellcheck shell=sh disable=SC2154,SC3013
# Manages uploads: the files that the login user received below the home, and the copies that root took over, below
# $uploads. Sourced, with $here set, never run. Root itself touches nothing below a home.

uploads=${STRETCHED_UPLOADS:-/var/lib/stretched-uploads}
login=${SUDO_USER:-root}
in_home=${in_home:-$here/in_home.sh}

# as_user USER ARGUMENTS...: runs in_home.sh as the user, in the user's home. Does nothing if the user does not exist.
as_user() {
    entry=$(getent passwd "$1") || return 0
    shift
    uid=$(printf '%s\n' "$entry" | cut -d: -f3)
    gid=$(printf '%s\n' "$entry" | cut -d: -f4)
    home=$(printf '%s\n' "$entry" | cut -d: -f6)
    # The user's process changes to the home: root may have no access, as on NFS.
    # shellcheck disable=SC2016
    setpriv --reuid "$uid" --regid "$gid" --init-groups --no-new-privs \
        sh -c 'cd -- "$0" && exec sh -s -- "$@"' "$home" "$@" <"$in_home"
}

# Prints the name of the bundle in $here.
bundle_name() {
    basename "$(cd "$here" && pwd -P)"
}

# only_as NODE: ends the script, with success, if this machine is recorded as another node, which keeps what is here. Earlier
# versions of this program name no node.
only_as() {
    [ -n "$1" ] && [ -s "$uploads/name" ] || return 0
    now=$(cat "$uploads/name")
    [ "$now" = "$1" ] || { say "this machine is the node $now now: nothing was removed for $1"; exit 0; }
}

# in_letters ACTION ARGUMENTS...: runs in_home.sh on the uploads of this node, whose name prepare.sh recorded.
in_letters() {
    [ -s "$uploads/name" ] || return 0
    word=$1
    shift
    as_user "$login" "$word" "$(cat "$uploads/name")" "$@" || say "uploads stay in the home of $login" >&2
}

# begin_with KIND NAME: marks this bundle as newer than those taken over before it. A bundle that another run takes over
# while it waits for the lock is newer still, so settle keeps it.
begin_with() {
    [ ! -d "$uploads/$1/$2" ] || touch "$uploads/$1/$2"
}

# settle KIND NAME: marks this bundle as the one in force by the link $uploads/KIND/current, and removes older ones, here
# and in the home.
settle() {
    [ -d "$uploads/$1/$2" ] || return 0
    ln -sfn "$2" "$uploads/$1/.current"
    mv -fT "$uploads/$1/.current" "$uploads/$1/current"
    for older in "$uploads/$1"/*; do
        [ -L "$older" ] || [ ! "$older" -ot "$uploads/$1/$2" ] || rm -rf "$older"
    done
    in_letters keep "$1" "$2"
}

# drop KIND...: removes bundles of these kinds, here and in the home. The running script may be one of their files.
drop() {
    for kind in "$@"; do
        in_letters drop "$kind"
        rm -rf "${uploads:?}/$kind"
    done
}

# Removes all that root took over, in one step: after a removal that was interrupted, no script is there without the others.
forget_uploads() {
    rm -rf "$uploads.removed"
    mv -T "$uploads" "$uploads.removed"
    rm -rf "$uploads.removed"
}

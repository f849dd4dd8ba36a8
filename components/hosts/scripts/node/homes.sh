# shellcheck shell=sh disable=SC2154,SC3013
# What was uploaded: as the login user sent it, below a home, and as root took it over, below $uploads. Sourced, with $here
# set, never run. Root itself touches nothing below a home.

uploads=${STRETCHED_UPLOADS:-/var/lib/stretched-uploads}
login=${SUDO_USER:-root}
in_home=${in_home:-$here/in_home.sh}

# as_user USER WORDS...: runs in_home.sh as the user, in his home. Nothing happens where the user is gone.
as_user() {
    entry=$(getent passwd "$1") || return 0
    shift
    uid=$(printf '%s\n' "$entry" | cut -d: -f3)
    gid=$(printf '%s\n' "$entry" | cut -d: -f4)
    home=$(printf '%s\n' "$entry" | cut -d: -f6)
    # The home is entered by the user: root may not be let in, as on NFS.
    # shellcheck disable=SC2016
    setpriv --reuid "$uid" --regid "$gid" --init-groups --no-new-privs \
        sh -c 'cd -- "$0" && exec sh -s -- "$@"' "$home" "$@" <"$in_home"
}

# The name of the bundle that $here is.
bundle_name() {
    basename "$(cd "$here" && pwd -P)"
}

# in_letters WORD WORDS...: has in_home.sh do this with the uploads of this node, whose name prepare.sh wrote down.
in_letters() {
    [ -s "$uploads/name" ] || return 0
    word=$1
    shift
    as_user "$login" "$word" "$(cat "$uploads/name")" "$@" || say "uploads stay in the home of $login" >&2
}

# begin_with KIND NAME: what was taken over before is older from now on. What a run takes over that waits for this one is not.
begin_with() {
    [ ! -d "$uploads/$1/$2" ] || touch "$uploads/$1/$2"
}

# settle KIND NAME: this bundle is in force. $uploads/KIND/current leads to it, and older ones go, here and in the home.
settle() {
    [ -d "$uploads/$1/$2" ] || return 0
    ln -sfn "$2" "$uploads/$1/.current"
    mv -fT "$uploads/$1/.current" "$uploads/$1/current"
    for older in "$uploads/$1"/*; do
        [ -L "$older" ] || [ ! "$older" -ot "$uploads/$1/$2" ] || rm -rf "$older"
    done
    in_letters keep "$1" "$2"
}

# drop KIND...: removes bundles of these kinds, here and in the home. The script that runs may be one of their files.
drop() {
    for kind in "$@"; do
        in_letters drop "$kind"
        rm -rf "${uploads:?}/$kind"
    done
}

# shellcheck shell=sh disable=SC2064
# take_over.sh DIRECTORY SHA256: takes a bundle over from standard input; root's first step on a host.
# Its bytes are written where nobody but root can change them, and are held there against the digest that Pulumi named.
# Only then are they taken apart, and DIRECTORY appears, whole. Each file is `SIZE NAME`, a line, and then its bytes.
# A directory that is there already was taken over earlier, and its name says what is in it. components/remote/commands.py
# joins these lines to one, for the first command: so each ends in a semicolon or an opening brace.
set -eu; umask 077;
[ -d "$1" ] || {
    mkdir -p "${1%/*}"; n=$(mktemp -d "$1.XXXXXX"); trap "rm -rf $n" EXIT; cat >"$n/.all";
    echo "$2  $n/.all" | sha256sum -c --status || { echo "the upload is not what Pulumi named" >&2; exit 1; };
    while read -r s f; do mkdir -p "$(dirname "$n/$f")"; head -c "$s" >"$n/$f"; done <"$n/.all";
    rm "$n/.all"; sync -f "$n"; mv -T "$n" "$1"; };

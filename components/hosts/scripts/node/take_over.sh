# shellcheck shell=sh disable=SC2064
# take_over.sh DIRECTORY SHA256: takes a bundle over from standard input; the first step that root runs on a host.
# It writes the bytes where only root can change them, and verifies there the digest that Pulumi named. Only then does it
# unpack them and make DIRECTORY appear, complete. Each file is a line `SIZE NAME`, followed by its bytes.
# A directory that exists was taken over earlier, and its name identifies its content. components/remote/commands.py joins
# these lines into one for the first command, so each line ends in a semicolon or an opening brace.
set -eu; umask 077;
[ -d "$1" ] || {
    mkdir -p "${1%/*}"; n=$(mktemp -d "$1.XXXXXX"); trap "rm -rf $n" EXIT; cat >"$n/.all";
    echo "$2  $n/.all" | sha256sum -c --status || { echo "the upload is not what Pulumi named" >&2; exit 1; };
    while read -r s f; do mkdir -p "$(dirname "$n/$f")"; head -c "$s" >"$n/$f"; done <"$n/.all";
    rm "$n/.all"; sync -f "$n"; mv -T "$n" "$1"; };

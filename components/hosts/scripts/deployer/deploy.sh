#!/bin/sh
# deploy.sh converge INVENTORY | kubeconfig | remove NODE: runs the playbooks on the deployer.
#   converge    run the playbooks in a unit of their own and follow them; INVENTORY names the bundle with the inventory.
#               The SSH key and the secret variables (a JSON object) are read from standard input. A run in progress for
#               the same revision is followed, never started twice. Progress is written to standard error. Standard output
#               is the state applied at the end, as the JSON of components/model/convergence/state.py: the next preview
#               compares with it.
#   kubeconfig  print the administrator's kubeconfig (secret)
#   remove      remove Kubernetes from all hosts, then our files from this one
# shellcheck source=paths.sh
. "$(dirname "$0")/paths.sh"

# Follows the run until its unit ends, and prints its progress from the beginning: an earlier follower may have lost its
# connection.
follow() {
    main_pid=$(systemctl show -p MainPID --value "$unit")
    if [ "${main_pid:-0}" != 0 ]; then
        say "following the run (full log: $log on $(uname -n))"
        tail -n +1 -f --pid="$main_pid" "$progress"
    fi
    # tail ends with the process; systemd notices the end a moment later.
    while systemctl is-active --quiet "$unit"; do :; done
    status=$(cat "$state/status" 2>/dev/null || echo "ended without a status: was the machine restarted?")
    if [ "$status" != 0 ]; then
        if [ -s "$failures" ]; then cat "$failures"; else tail -n 20 "$log"; fi >&2
        die "the playbooks failed (status $status). Full log: $log on $(uname -n). The next pulumi up resumes the run."
    fi
}

# Starts run.sh in a unit of its own, which survives the end of the connection and of Pulumi.
start() {
    rm -f "$state/status" "$failures"
    : >"$log"
    : >"$progress"
    systemctl reset-failed "$unit" 2>/dev/null || :
    systemd-run --quiet --unit="$unit" --property=StandardOutput="append:$log" --property=StandardError="append:$log" \
        --property=UMask=0077 --setenv=HOME="$HOME" sh "$here/run.sh" "$@"
}

case ${1:-} in
converge)
    exec 3>&1 >&2
    playbooks=$(bundle_name)
    : "${2:?INVENTORY}"
    mkdir -p "$state"
    find "$state" -maxdepth 1 -name '.given.*' -mmin +10 -exec rm -rf {} + # left by a script that was killed
    given=$(mktemp -d "$state/.given.XXXXXX")
    trap 'rm -rf "$given"' EXIT
    trap 'exit 143' HUP INT PIPE TERM # dash skips the EXIT trap when a signal ends it
    cat >"$given/all"
    sed '/^-----END/q' "$given/all" >"$given/id_ed25519"
    sed '1,/^-----END/d' "$given/all" >"$given/secrets.json"
    grep -q 'PRIVATE KEY' "$given/id_ed25519" || die "no SSH key was received on standard input"
    # The secrets are part of the revision: a run in progress uses those that it started with.
    revision=$playbooks-$2-$(sha256sum "$given/secrets.json" | cut -c1-16)
    mv -f "$given/id_ed25519" "$given/secrets.json" "$state/"
    rm -rf "$given"
    if systemctl is-active --quiet "$unit"; then
        running=$(cat "$state/revision" 2>/dev/null || :)
        say "a run is in progress already"
        if [ "$running" != "$revision" ]; then
            say "it is for another revision: waiting until it ends"
            (follow) || say "the earlier run failed; starting this one"
        fi
    fi
    if ! systemctl is-active --quiet "$unit"; then
        printf '%s\n' "$revision" >"$state/revision"
        # Not where a run is followed that has begun: bundles of runs that wait for it must not become older than its own.
        begin_with playbooks "$playbooks"
        begin_with inventory "$2"
        start converge "$2"
    fi
    follow
    settle playbooks "$playbooks"
    settle inventory "$2"
    say "converged"
    cat "$state/applied.json" >&3
    ;;
kubeconfig)
    [ -s "$state/artifacts/admin.conf" ] || die "the playbooks left no kubeconfig: see $log"
    cat "$state/artifacts/admin.conf"
    ;;
remove)
    only_as "${2:-}"
    if [ -d "$state/inventory" ]; then
        if systemctl is-active --quiet "$unit"; then
            say "a run is in progress: waiting until it ends"
            (follow) || say "it failed; removing Kubernetes nevertheless"
        fi
        start reset
        follow
        say "Kubernetes was removed from all its nodes"
    else
        say "no Kubernetes was installed from this deployer: none was removed"
    fi
    rm -rf "$state" # before the scripts, without which the removal cannot be repeated
    drop playbooks inventory
    ;;
*)
    die "usage: deploy.sh converge INVENTORY | kubeconfig | remove NODE"
    ;;
esac

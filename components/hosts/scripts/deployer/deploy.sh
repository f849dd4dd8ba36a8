#!/bin/sh
# deploy.sh converge INVENTORY | kubeconfig | remove: what the deployer does with the playbooks.
#   converge    run the playbooks in a unit of their own and follow them, with the bundle that has the inventory; the SSH key
#               and the secret variables (a JSON object) come over standard input. A run that goes on for the same
#               revision is followed again, never started twice. What it does is told on standard error; standard output
#               has what is applied then, as the JSON of components/model/convergence/state.py: this is what the next
#               preview compares with.
#   kubeconfig  print the administrator's kubeconfig (secret)
#   remove      take Kubernetes off all hosts, then our files off this one
# shellcheck source=paths.sh
. "$(dirname "$0")/paths.sh"

# Follows the run until its unit ends, from its beginning; an earlier follower may have lost its connection.
follow() {
    main_pid=$(systemctl show -p MainPID --value "$unit")
    if [ "${main_pid:-0}" != 0 ]; then
        say "following the run (full log: $log on $(uname -n))"
        tail -n +1 -f --pid="$main_pid" "$progress"
    fi
    # The log's reader ends with the process; systemd notices the end a moment later.
    while systemctl is-active --quiet "$unit"; do :; done
    status=$(cat "$state/status" 2>/dev/null || echo "ended without a status: was the machine restarted?")
    if [ "$status" != 0 ]; then
        if [ -s "$failures" ]; then cat "$failures"; else tail -n 20 "$log"; fi >&2
        die "the playbooks failed (status $status). Full log: $log on $(uname -n). The next pulumi up goes on from there."
    fi
}

# Starts run.sh in a unit of its own: it goes on when the connection, or Pulumi, ends.
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
    find "$state" -maxdepth 1 -name '.given.*' -mmin +10 -exec rm -rf {} + # a killed script's
    given=$(mktemp -d "$state/.given.XXXXXX")
    trap 'rm -rf "$given"' EXIT
    trap 'exit 143' HUP INT PIPE TERM # dash forgets the EXIT trap when a signal ends it
    cat >"$given/all"
    sed '/^-----END/q' "$given/all" >"$given/id_ed25519"
    sed '1,/^-----END/d' "$given/all" >"$given/secrets.json"
    grep -q 'PRIVATE KEY' "$given/id_ed25519" || die "no SSH key came over standard input"
    # Other secrets are another revision: a run that goes on has its own.
    revision=$playbooks-$2-$(sha256sum "$given/secrets.json" | cut -c1-16)
    mv -f "$given/id_ed25519" "$given/secrets.json" "$state/"
    rm -rf "$given"
    if systemctl is-active --quiet "$unit"; then
        running=$(cat "$state/revision" 2>/dev/null || :)
        say "a run is going on already"
        if [ "$running" != "$revision" ]; then
            say "it is for another revision: waiting for its end first"
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
    if [ -d "$state/inventory" ]; then
        if systemctl is-active --quiet "$unit"; then
            say "a run is going on: waiting for its end first"
            (follow) || say "it failed; going on"
        fi
        start reset
        follow
        say "Kubernetes was removed"
    fi
    drop playbooks inventory
    rm -rf "$state"
    ;;
*)
    die "usage: deploy.sh converge INVENTORY | kubeconfig | remove"
    ;;
esac

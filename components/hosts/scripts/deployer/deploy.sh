#!/bin/sh
# deploy.sh converge INVENTORY | kubeconfig | remove NODE: runs the playbooks on the deployer.
#   converge    run the playbooks in a unit of their own and follow them; INVENTORY names the bundle with the inventory.
#               The SSH key and the secret variables (a JSON object) are read from standard input. A run in progress for
#               the same revision is followed, never started twice; another one is waited for. Progress is written to
#               standard error. Standard output is the state applied at the end, as the JSON of
#               components/model/convergence/state.py: the next preview compares with it.
#   kubeconfig  print the administrator's kubeconfig (secret)
#   remove      remove Kubernetes from all hosts, then our files from this one
# shellcheck source=paths.sh
. "$(dirname "$0")/paths.sh"
# shellcheck source=turns.sh
. "$here/turns.sh"
trap 'exit 143' HUP INT PIPE TERM

# Stores the SSH key. Nodes that leave accept the former key only: it stays until a run has removed them.
store_key() {
    if [ -s "$state/id_ed25519" ] && [ "$(cat "$state/id_ed25519")" != "$key" ]; then
        mkdir -p "$state/former"
        cp "$state/id_ed25519" "$state/former/$(sha256sum <"$state/id_ed25519" | cut -c1-16)"
    fi
    store id_ed25519 "$key"
}

# store FILE TEXT: replaces a file of the state. printf is part of the shell: a secret is in no command line.
store() {
    printf '%s\n' "$2" >"$state/$1.new"
    mv -f "$state/$1.new" "$state/$1"
}

# Follows the run of $revision until its unit ends.
follow() {
    say "following the run (full log: $log on $(uname -n))"
    watch_run
    take_lock
    status=$(result)
    release_lock
    if [ "$status" != 0 ]; then
        in_force || die "the run ended with status $status, and the run of a newer declaration has begun since"
        if [ -s "$failures" ]; then cat "$failures"; else tail -n 20 "$log"; fi >&2
        die "the playbooks failed (status $status). Full log: $log on $(uname -n). The next pulumi up resumes the run."
    fi
}

# Prints the exit status of the run of $revision. Another run may have been started as soon as it had ended.
result() {
    if in_force; then
        cat "$state/status" 2>/dev/null || echo "ended without a status: was the machine restarted?"
    else
        case $(cat "$state/ended" 2>/dev/null) in
        "$revision "*) sed 's/^[^ ]* //' "$state/ended" ;;
        *) echo "not known" ;;
        esac
    fi
}

# Starts run.sh in a unit of its own, which survives the end of the connection and of Pulumi. It gets nothing of the login's
# or systemd's environment: a locale that is not installed stops Ansible. The unit refuses restarts, as by needrestart in the
# middle of an upgrade: `systemctl kill` ends it.
start() {
    newest
    say "starting the run" # where the connection has ended, writing fails, and with it this script
    if [ -s "$state/status" ]; then
        store ended "$(cat "$state/revision") $(cat "$state/status")" # who followed that run may not have looked yet
    fi
    rm -f "$state/status" "$failures"
    : >"$log"
    : >"$progress"
    systemctl reset-failed "$unit" 2>/dev/null || :
    store revision "$revision"
    systemd-run --quiet --unit="$unit" --property=StandardOutput="append:$log" --property=StandardError="append:$log" \
        --property=UMask=0077 --property=RefuseManualStop=yes \
        env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        sh "$here/run.sh" "$@" 9>&-
}

case ${1:-} in
converge)
    exec 3>&1 >&2
    playbooks=$(bundle_name)
    : "${2:?INVENTORY}"
    given=$(cat)
    key=$(printf '%s\n' "$given" | sed -n '1,/^-----END/p')
    secrets=$(printf '%s\n' "$given" | sed '1,/^-----END/d')
    case $key in
    *'PRIVATE KEY'*) ;;
    *) die "no SSH key was received on standard input" ;;
    esac
    # The secrets are part of the revision: a run in progress uses those that it started with.
    revision=$playbooks-$2-$(printf '%s\n' "$secrets" | sha256sum | cut -c1-16)
    mkdir -p "$state"
    take_lock
    store_key
    store newest "$revision"
    wait_for_turn
    if runs; then
        say "a run is in progress already"
    else
        store secrets.json "$secrets"
        # Not where a run is followed that has begun: bundles of runs that wait for it must not become older than its own.
        begin_with playbooks "$playbooks"
        begin_with inventory "$2"
        start converge "$2"
    fi
    release_lock
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
    if [ -d "$state" ]; then
        revision=reset
        take_lock
        store newest "$revision"
        wait_for_turn
        if [ -d "$state/inventory" ]; then
            runs || start reset
            release_lock
            follow
            say "Kubernetes was removed from all its nodes"
            take_lock
        else
            say "no Kubernetes was installed from this deployer: none was removed"
        fi
        newest
        rm -rf "$state" # before the scripts, without which the removal cannot be repeated
        release_lock
    else
        say "no Kubernetes was installed from this deployer: none was removed"
    fi
    drop playbooks inventory
    ;;
*)
    die "usage: deploy.sh converge INVENTORY | kubeconfig | remove NODE"
    ;;
esac

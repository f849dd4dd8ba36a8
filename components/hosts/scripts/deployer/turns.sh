# shellcheck shell=sh disable=SC2154
# Whose turn it is to run playbooks on the deployer. Sourced by deploy.sh.
#
# At any time one run is in progress, or none. `revision` in the state names the run that was started last, `newest` the
# declaration that came last. Who waits for another run starts its own only as long as its declaration is the newest and
# somebody follows it. Deciding and starting are one step, under the lock.

take_lock() {
    exec 9>"$lock"
    flock -w 120 9 || die "another pulumi up has been deciding for two minutes; see: fuser $lock"
}

release_lock() {
    exec 9>&-
}

# Succeeds while the unit is there: also while it starts, and while its last processes end.
runs() {
    active=$(systemctl show --property=ActiveState --value "$unit") || die "systemd does not say whether $unit is active"
    case $active in
    active | activating | reloading | deactivating) return 0 ;;
    esac
    return 1
}

# Succeeds if the run that was started last is that of $revision.
in_force() {
    [ "$(cat "$state/revision" 2>/dev/null)" = "$revision" ]
}

# Ends this script where a newer declaration came.
newest() {
    [ "$(cat "$state/newest" 2>/dev/null)" = "$revision" ] ||
        die "a newer declaration came while this one waited: it is not started, the newer one is"
}

# Shows the progress of the run from its beginning until its unit ends: an earlier follower may have lost its connection.
watch_run() {
    watched=$(cat "$state/revision" 2>/dev/null || :)
    main_pid=$(systemctl show --property=MainPID --value "$unit")
    if [ "${main_pid:-0}" != 0 ]; then
        # tail fails when nobody reads what it prints: the connection has ended.
        tail -n +1 -f --pid="$main_pid" "$progress" || exit 143
    fi
    # tail ends with the process; systemd notices the end a moment later, and no command waits for that.
    while runs && [ "$(cat "$state/revision" 2>/dev/null)" = "$watched" ]; do sleep 1; done
}

# Waits, with the lock taken, until no run is in progress or the one of $revision is. The lock is free in between.
wait_for_turn() {
    while runs && ! in_force; do
        release_lock
        say "a run for another revision is in progress: waiting until it ends"
        watch_run
        say "it has ended"
        take_lock
    done
}

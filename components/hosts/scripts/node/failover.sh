# shellcheck shell=sh disable=SC2154
# Installs and removes stretched-watch, which reroutes traffic while a gateway is down, where the configuration has
# failover for this host. Sourced, never run.

watch_unit=stretched-watch.service
watch_run=${STRETCHED_RUN:-/run/stretched}
watch_files="settle.awk watch.awk watch.nft watch.sh"

has_watch() {
    grep -q '^[a-z]' "$here/failover.conf"
}

# Stops the watch from changing anything until watch_on, watch_off or the end of the script.
watch_pause() {
    mkdir -p "$watch_run"
    exec 8>"$watch_run/lock"
    flock -w 60 8 || die "stretched-watch has held its lock for a minute; see: journalctl -u $watch_unit"
}

# Applies the failover state to wg0. wg0.conf describes wg0 with all gateways up, so call this right after applying it.
watch_settle() {
    [ ! -e "$etc/watch.sh" ] || sh "$etc/watch.sh" settle
}

# Installs or updates the watch. Its state is kept, so addresses stay at their peers, also while a gateway is down.
watch_on() {
    mkdir -p "$etc"
    put "$etc/failover.conf" 644 cat "$here/failover.conf" # the watch reads it again on each round
    fresh=no
    for file in $watch_files; do
        put "$etc/$file" 644 cat "$here/$file"
    done
    put "$units/$watch_unit" 644 cat "$here/watch.service"
    # Only after a reboot does a gateway wait until the nodes that use it have answered.
    [ -s "$watch_run/state" ] || echo "service in 0" >"$watch_run/state"
    watch_settle
    exec 8>&-
    if [ $fresh = no ] && systemctl is-active --quiet $watch_unit; then
        return 0
    fi
    switch_on $watch_unit "stretched-watch does not start"
    say "watch: on; it reroutes traffic while a gateway is down"
}

watch_off() {
    if [ -e "$units/$watch_unit" ]; then
        systemctl disable --quiet --now $watch_unit || :
        echo "service in 0" >"$watch_run/state"
        watch_settle # back to the normal routes
        [ ! -e "$etc/watch.sh" ] || sh "$etc/watch.sh" answer # an interrupted removal took it
        for file in failover.conf $watch_files; do
            rm -f "$etc/$file"
        done
        take_away "$units/$watch_unit"
        say "watch: removed, this host has no failover any more"
    fi
    exec 8>&-
    for file in state seen running add lock; do
        rm -f "$watch_run/$file"
    done
    rmdir "$watch_run" 2>/dev/null || :
}

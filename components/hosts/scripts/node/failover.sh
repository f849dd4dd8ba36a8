# shellcheck shell=sh disable=SC2154
# The watch that goes other ways while a gateway is down, where the configuration has one for this host.
# Sourced, never run.

watch_unit=stretched-watch.service
watch_run=${STRETCHED_RUN:-/run/stretched}
watch_files="failover.conf settle.awk watch.awk watch.nft watch.sh"

has_watch() {
    grep -q '^[a-z]' "$here/failover.conf"
}

# From here on the watch changes nothing, until watch_on, watch_off or the end of the script.
watch_pause() {
    mkdir -p "$watch_run"
    exec 8>"$watch_run/lock"
    flock -w 60 8 || die "stretched-watch holds its lock for a minute; see: journalctl -u $watch_unit"
}

# The file is how wg0 is when all gateways are up; who has applied it calls this at once.
watch_settle() {
    [ ! -e "$etc/watch.sh" ] || sh "$etc/watch.sh" settle
}

# Takes over what the watch shall do. What it knows stays: addresses are where they were, also while a gateway is down.
watch_on() {
    mkdir -p "$etc"
    fresh=no
    for file in $watch_files; do
        if changed "$etc/$file" <"$here/$file" && [ "$file" != failover.conf ]; then
            fresh=yes # failover.conf is read again all the time
        fi
    done
    changed "$units/$watch_unit" <"$here/watch.service" && fresh=yes
    # Only after a start of the host a gateway must first be heard by those who use it.
    [ -s "$watch_run/state" ] || echo "service in 0" >"$watch_run/state"
    watch_settle
    exec 8>&-
    if [ $fresh = no ] && systemctl is-active --quiet $watch_unit; then
        return 0
    fi
    switch_on $watch_unit "stretched-watch does not start"
    say "watch: goes other ways while a gateway is down"
}

watch_off() {
    if [ -e "$units/$watch_unit" ]; then
        systemctl disable --quiet --now $watch_unit || :
        echo "service in 0" >"$watch_run/state"
        watch_settle # back to the normal ways
        sh "$etc/watch.sh" answer
        for file in $watch_files; do
            rm -f "$etc/$file"
        done
        take_away "$units/$watch_unit"
        say "watch: nothing to watch any more"
    fi
    exec 8>&-
    for file in state seen running add lock; do
        rm -f "$watch_run/$file"
    done
    rmdir "$watch_run" 2>/dev/null || :
}

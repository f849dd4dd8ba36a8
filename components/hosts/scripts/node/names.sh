# shellcheck shell=sh disable=SC2154
# Sets up the timer for peers whose endpoint is declared by a DNS name. wg-quick resolves a name once, and wg0 stays down
# if that fails. So a timer sets these endpoints, as soon as the name resolves and whenever its addresses change.
# Sourced, never run.

names_timer=stretched-resolve.timer
names_service=stretched-resolve.service

has_names() {
    grep -q '^# resolve:' "$conf"
}

names_on() {
    mkdir -p "$etc"
    fresh=no
    put "$etc/resolve.sh" 644 cat "$here/resolve.sh"
    put "$etc/login.sh" 644 cat "$here/login.sh" # resolve.sh uses its function `inside`
    put "$units/$names_service" 644 cat "$here/resolve.service"
    put "$units/$names_timer" 644 cat "$here/resolve.timer"
    sh "$etc/resolve.sh" now
    if [ $fresh = yes ] || ! systemctl is-active --quiet $names_timer; then
        switch_on $names_timer "the timer that resolves names of peers does not start"
        say "names of peers are resolved twice a minute"
    fi
}

names_off() {
    [ -e "$units/$names_timer" ] || return 0
    systemctl disable --quiet --now $names_timer || :
    systemctl stop $names_service 2>/dev/null || :
    take_away "$units/$names_timer" "$units/$names_service" "$etc/resolve.sh" "$etc/login.sh" /run/stretched/resolved
    rmdir /run/stretched 2>/dev/null || :
}

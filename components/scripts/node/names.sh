# shellcheck shell=sh disable=SC2154
# Peers whose endpoint is declared by a name. wg-quick would resolve it once, and wg0 would stay down where it cannot;
# so a timer sets these endpoints, whenever the name can be resolved and each time it means another address.
# Sourced after relay.sh, never run.

names_timer=stretched-resolve.timer
names_service=stretched-resolve.service

has_names() {
    grep -q '^# resolve:' "$conf"
}

names_on() {
    mkdir -p "$relay_directory"
    fresh=no
    changed "$relay_directory/resolve.sh" <"$here/resolve.sh" && fresh=yes
    changed "$units/$names_service" <"$here/resolve.service" && fresh=yes
    changed "$units/$names_timer" <"$here/resolve.timer" && fresh=yes
    sh "$relay_directory/resolve.sh" now
    if [ $fresh = yes ] || ! systemctl is-active --quiet $names_timer; then
        systemctl daemon-reload
        systemctl enable --quiet $names_timer
        systemctl restart $names_timer || die "names of peers cannot be watched; see: journalctl -u $names_timer"
        say "names of peers are looked up twice a minute"
    fi
}

names_off() {
    [ -e "$units/$names_timer" ] || return 0
    systemctl disable --quiet --now $names_timer || :
    systemctl stop $names_service 2>/dev/null || :
    rm -f "$units/$names_timer" "$units/$names_service" "$relay_directory/resolve.sh" /run/stretched/resolved
    rmdir "$relay_directory" /run/stretched 2>/dev/null || :
    systemctl daemon-reload
}

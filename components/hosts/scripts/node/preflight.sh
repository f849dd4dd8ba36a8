# shellcheck shell=sh disable=SC2034,SC2154
# Checks, before any host is changed, whether this host meets the requirements. Changes nothing, and reports everything at
# once. It is read from standard input, because no file of ours is on the host yet: login.sh and the parts in ../preflight
# come before it in one text. docs/first-host.md has the command for an administrator without Pulumi.
# Arguments are the requirements, `key=value` each, lists with commas (components/model/files/preflight_words.py):
#   members=DIGEST     ignored: a change of it makes Pulumi run this again
#   roles=ROLE,...     roles in Kubernetes; empty: there is no cluster on this mesh
#   wireguard=PORT     UDP port of WireGuard
#   mesh=RANGE, pods=RANGE, services=RANGE
#   tcp=PORT,...       ports of Kubernetes
#   served=PORT@ADDRESS,...  ports on which HAProxy will listen
#   engine=NAME        container engine that Kubespray installs
#   cgroup=2, ipv6=yes, resolver=yes  what Kubernetes needs here
#   memory=MB, disk=MB
#   sshd=PORT          port of sshd on this host, where the deployer will log in over wg0
#   ssh=RANGE,...      from where the firewall will admit SSH
# Every check prints `obstacle: WHAT: WAY OUT`, which stops `pulumi up`, or `note: TEXT`, which does not.
set -u

read_requirements() {
    roles='' wireguard='' mesh='' pods='' services='' tcp='' served='' engine='' cgroup='' ipv6='' resolver=''
    memory=0 disk=0 sshd='' ssh=''
    for word in "$@"; do
        value=$(printf '%s\n' "${word#*=}" | tr , ' ')
        case $word in
        members=*) ;;
        roles=*) roles=$value ;;
        wireguard=*) wireguard=$value ;;
        mesh=*) mesh=$value ;;
        pods=*) pods=$value ;;
        services=*) services=$value ;;
        tcp=*) tcp=$value ;;
        served=*) served=$value ;;
        engine=*) engine=$value ;;
        cgroup=*) cgroup=$value ;;
        ipv6=*) ipv6=$value ;;
        resolver=*) resolver=$value ;;
        memory=*) memory=$value ;;
        disk=*) disk=$value ;;
        sshd=*) sshd=$value ;;
        ssh=*) ssh=$value ;;
        *) obstacle "preflight does not know the requirement $word: see the beginning of preflight.sh" ;;
        esac
    done
}

obstacle() {
    printf 'obstacle: %s\n' "$*"
}

note() {
    printf 'note: %s\n' "$*"
}

check_rights() {
    [ "$(id -u)" = 0 ] || {
        obstacle "not root: log in as root, or as a user with passwordless sudo"
        return 1
    }
}

check_firewall_ranges() {
    [ -n "$ssh" ] || return 0
    from=$(ssh_connection) || return 0
    from=${from%% *}
    # shellcheck disable=SC2086 # a list
    inside "$from" $ssh ||
        obstacle "firewall.ssh would lock Pulumi out: it comes from $from, which is in none of $ssh: add it to firewall.ssh"
}

check_all() {
    read_requirements "$@"
    check_rights
    root=$?
    check_tools
    # The checks below use these commands, and read what only root can read.
    # shellcheck disable=SC2086 # a list
    [ -z "$(missing_commands $checks_use)" ] || return 0
    check_firewall_ranges
    check_sshd_port
    [ "$root" = 0 ] || return 0
    check_wireguard
    check_sftp
    check_ranges
    check_ports
    check_system
    note_system
    if [ -n "$roles" ]; then
        check_engines
        check_other_kubernetes
    fi
}

preflight() {
    report=$(check_all "$@")
    obstacles=0
    while read -r line; do
        case $line in
        obstacle:*)
            obstacles=$((obstacles + 1))
            printf '%s\n' "$line" >&2
            ;;
        ?*) printf '%s\n' "$line" ;;
        esac
    done <<END
$report
END
    if [ "$obstacles" -gt 0 ]; then
        printf '%s: %d obstacle(s), no host was changed\n' "$(uname -n)" "$obstacles" >&2
        exit 1
    fi
    # shellcheck source=/dev/null
    printf 'ready: %s, Linux %s\n' "$(. /etc/os-release && echo "${PRETTY_NAME:-unknown system}")" "$(uname -r)"
}

preflight "$@" </dev/null

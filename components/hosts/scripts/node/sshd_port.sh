# shellcheck shell=sh disable=SC2154
# Checks that sshd listens on the port of this host where the deployer will log in over wg0. Sourced after login.sh, never run.

# The file sshd.port has the declared port. The port by which Pulumi came is the host's own, whatever a router forwards.
refuse_wrong_sshd_port() {
    came_by=$(ssh_connection) || return 0 # not run over SSH
    came_by=${came_by##* }
    declared_port=$(cat "$here/sshd.port")
    [ "$came_by" != "$declared_port" ] || return 0
    # sshd may listen on several ports
    [ -z "$(ss -Hltn "sport = :$declared_port")" ] || return 0
    die "sshd listens on port $came_by of this host, and the deployer would try port $declared_port over wg0: write" \
        "\`ssh.meshPort: $came_by\` at this node or its site. Nothing was changed"
}

# shellcheck shell=sh disable=SC2154
# Configures Ansible for hosts that are far away. Sourced, with $state set, and $former: the paths of former SSH keys. The
# environment overrides Kubespray's ansible.cfg, which runs on 5 hosts at a time, does not check host keys, and tries a dead
# host 100 times. A dead host is given up by ssh's ConnectTimeout; ANSIBLE_TIMEOUT is for a busy one whose sudo is slow.
# docs/operations.md has figures.
export ANSIBLE_FORKS=50 ANSIBLE_PIPELINING=True ANSIBLE_SSH_TRANSFER_METHOD=piped
export ANSIBLE_GATHERING=smart ANSIBLE_CACHE_PLUGIN=jsonfile ANSIBLE_CACHE_PLUGIN_TIMEOUT=86400
export ANSIBLE_CACHE_PLUGIN_CONNECTION="$state/facts"
export ANSIBLE_TIMEOUT=120 ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=False
# Nodes that leave in the run that brings a new key accept the former one only. ssh tries the keys in this order.
identities="-o IdentityFile=$state/id_ed25519"
for key in ${former:-}; do
    identities="$identities -o IdentityFile=$key"
done
export ANSIBLE_HOST_KEY_CHECKING=True
export ANSIBLE_SSH_ARGS="$identities -o ControlMaster=auto -o ControlPersist=30m -o ConnectionAttempts=2 -o ConnectTimeout=10 \
-o ServerAliveInterval=15 -o ServerAliveCountMax=4 -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes \
-o GlobalKnownHostsFile=/dev/null -o 'UserKnownHostsFile=$state/next/known_hosts $state/inventory/known_hosts'"

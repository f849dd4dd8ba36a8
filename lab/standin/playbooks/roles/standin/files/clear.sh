#!/bin/sh
# Before a join: clears what a join that was cut short left. The host was never a member.
: "${state:?}"

main() {
  lock
  if [ -e "$state/started" ] && [ ! -e "$state/member" ]; then
    clear_kubernetes
    changed "an unfinished kubeadm join was cleared"
  fi
}

main </dev/null

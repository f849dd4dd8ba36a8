#!/bin/sh
# Before a join: clears what a join that was cut short left, or the life in a cluster that knows this host no more.
: "${state:?}"

main() {
  lock
  if [ -e "$state/started" ]; then
    clear_kubernetes
    changed "what an earlier join left was cleared"
  fi
}

main </dev/null

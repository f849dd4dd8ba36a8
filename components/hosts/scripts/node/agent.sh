#!/bin/sh
# agent.sh: runs this host's side of a path measurement; components/hosts/paths/between.py on the deployer controls it.
. "$(dirname "$0")/lib.sh"

ours components.hosts.paths.agent

#!/bin/sh
# agent.sh: this host's side of a measurement, for components/hosts/paths/between.py.
. "$(dirname "$0")/lib.sh"

ours components.hosts.paths.agent

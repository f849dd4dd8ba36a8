#!/bin/sh
# Sends a signal to the other sessions of the SSH connection that this script is run over, as `exec sh -s SIGNAL`.
#
# sshd has a request for it, but refuses it where it did not change its user (root's logins). It starts every session
# as its own child and the leader of a process group.
set -eu
signal=$1
sessions=$(cat "/proc/$PPID/task/$PPID/children")
for session in $sessions; do
    if [ "$session" -ne $$ ]; then
        kill -s "$signal" -- "-$session" || true # over already
    fi
done

"""Connections to hosts, remote commands, uploads, and the stack's state after the last run."""

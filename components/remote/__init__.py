"""Connections to hosts, commands, uploads, and the state of the last run."""

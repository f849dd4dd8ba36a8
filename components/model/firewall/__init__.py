"""Firewalls: the ports that hosts open, and the requests to the sites' network groups."""

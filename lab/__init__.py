"""Hosts, sites, NAT and a WAN on one machine, for development, tests and a first look."""

"""The lab: hosts, sites, NAT and a WAN on one machine, for development, tests and demonstrations."""

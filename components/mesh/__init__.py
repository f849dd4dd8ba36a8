"""The WireGuard mesh as Pulumi sees it: sites, nodes, tunnels, services, firewalls."""

"""The WireGuard mesh as Pulumi components: sites, nodes, keys, tunnels, clients, services, firewalls, measurement."""

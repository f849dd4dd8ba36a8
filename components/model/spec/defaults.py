"""Default values of the configuration, for its readers and for the reference."""

from ipaddress import IPv4Network

LISTEN_PORT = 51820
"""UDP port of WireGuard on the hosts."""
MTU = 1420
"""Bytes of an IP packet on wg0: 1500 minus the 80 bytes of WireGuard's headers over IPv6."""
KEEPALIVE = 25
"""Seconds between keepalives of a node without an endpoint; wg(8) recommends this value behind NAT."""
CLIENT_MTU = 1280
"""Bytes of an IP packet of a roaming client: the minimum of every IPv6 path (RFC 8200, section 5), as its networks are
unknown."""
SSH_PORT = 22
"""TCP port of sshd on hosts and bastions."""
SSH_USER = "root"
"""User of SSH connections."""
API_PORT = 6443
"""TCP port of the Kubernetes API on control-plane nodes."""
POD_CIDR = IPv4Network("10.233.64.0/18")
SERVICE_CIDR = IPv4Network("10.233.0.0/18")
NODE_PREFIX = 24
"""Prefix length of a node's part of the pod range."""
NETWORK_PLUGINS = ("calico", "flannel")
"""Supported network plug-ins; the first one is the default."""

"""What holds where the configuration says nothing. Readers take their defaults from here, and so does the reference."""

from ipaddress import IPv4Network

LISTEN_PORT = 51820
"""UDP port of WireGuard on the hosts."""
MTU = 1420
"""Bytes of an IP packet on wg0: 1500 less WireGuard's 80 over IPv6."""
KEEPALIVE = 25
"""Seconds between keepalives of a node without an endpoint; what wg(8) recommends behind NAT."""
CLIENT_MTU = 1280
"""Bytes. A roaming client's networks are unknown: the least that every path must carry (RFC 8200, section 5) fits."""
SSH_PORT = 22
SSH_USER = "root"
API_PORT = 6443
"""TCP port of the Kubernetes API on control-plane nodes."""
POD_CIDR = IPv4Network("10.233.64.0/18")
SERVICE_CIDR = IPv4Network("10.233.0.0/18")
NODE_PREFIX = 24
"""Prefix length of a node's part of the pods' range."""
NETWORK_PLUGINS = ("calico", "flannel")
"""The first one is the default."""

"""The public configuration of a host that forwards for others."""

from components.model.files.wireguard import RELAY

CONF = f"""\
[Interface]
# a.example.org
{RELAY}
Address = 192.168.0.1/24
ListenPort = 51820
MTU = 1420

[Peer]
# g.example.org
# beyond: h.example.org 192.168.0.3 through g.example.org
# beyond: z.example.org 192.168.0.4 through g.example.org h.example.org
PublicKey = G
AllowedIPs = 192.168.0.2/32, 192.168.0.3/32, 192.168.0.4/32
Endpoint = 192.0.2.2:51820
"""

"""haproxy.cfg of a node: HAProxy forwards TCP connections as they are, and does not terminate TLS."""

from components.model.files.text_lines import lines as text_of
from components.model.services.serving import Proxied, Server, Serving
from components.model.spec.families import IPV6, family_of

_HEAD = """\
# Written by stretched: services that enter at this host. The distribution's own haproxy.service is another one.
global
    user haproxy
    group haproxy
    chroot /var/lib/haproxy
    maxconn 8000
    nbthread 4
    stats socket /run/stretched-services/stats.sock mode 600 level admin expose-fd listeners

defaults
    mode tcp
    # A transfer may take its time; who has gone without a word is noticed by keepalives, in two minutes.
    timeout client 24h
    timeout server 24h
    option clitcpka
    option srvtcpka
    clitcpka-idle 60s
    clitcpka-intvl 15s
    clitcpka-cnt 4
    srvtcpka-idle 60s
    srvtcpka-intvl 15s
    srvtcpka-cnt 4
    # A connection that a server does not take goes to another one.
    timeout connect 3s
    timeout queue 10s
    timeout check 2s
    retries 3
    option redispatch 1
    option allbackups
    balance leastconn
    default-server check inter 2s fall 2 rise 2 fastinter 1s init-addr last,libc,none on-marked-down shutdown-sessions
"""


def haproxy_cfg(serving: Serving) -> str:
    """Return haproxy.cfg, except for the public addresses; empty: HAProxy has nothing to do.

    On the host, scripts/services/services.awk replaces a line `bind public PORT ADDRESS...` by lines for those of the
    addresses that the host has; behind a router it has none of them, and binds to all of its own.
    """
    if not serving.proxied:
        return ""
    return _HEAD + "".join(_listen(serving, proxied) for proxied in serving.proxied)


def _listen(serving: Serving, proxied: Proxied) -> str:
    public = " ".join([f"public {proxied.port}", *proxied.addresses])
    bind = public if proxied.addresses else f"{serving.address}:{proxied.port}"
    servers = (f"    {_server(proxied, server)}" for server in proxied.servers)
    lines = [f"listen {proxied.name}", f"    bind {bind}", *servers]
    return "\n" + text_of(lines)


def _server(proxied: Proxied, server: Server) -> str:
    host = f"ipv6@{server.host}" if family_of(server.host) == IPV6 else server.host
    words = [f"server {server.name} {host}:{server.port}"]
    words += ["send-proxy-v2"] if proxied.proxy_protocol else []
    words += [] if server.near else ["backup"]
    return " ".join(words)

"""services.sh on a host whose HAProxy is an old one. HAProxy is a stub; its answers are those of Debian 11 and 12."""

from pathlib import Path

import pytest

from tests.hosts.scripts.small_host import NEEDS_ROOT, SmallHost
from tests.hosts.scripts.stubs import stub

pytestmark = NEEDS_ROOT
CFG = """\
defaults
    option clitcpka
    clitcpka-idle 60s
    srvtcpka-cnt 4
listen web
    bind 192.168.0.1:443
    server a 192.0.2.1:1
"""
NFT = "table inet stretched_services\ndelete table inet stretched_services\ntable inet stretched_services {\n}\n"


@pytest.mark.parametrize(
    ("version", "times", "said"),
    [
        ("HA-Proxy version 2.2.9-2+deb11u6 2023/12/23 - https://haproxy.org/", False, True),
        ("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", True, False),
    ],
)
def test_a_haproxy_gets_what_it_understands(version: str, times: bool, said: bool, tmp_path: Path) -> None:
    host = SmallHost(tmp_path)
    refuses = "" if times else "! grep -q tcpka- $4"  # haproxy -c -q -f FILE
    stub(host.place / "bin", "haproxy", f'case $1 in -v) echo "{version}" ;; -c) {refuses} ;; esac')
    stub(host.place / "bin", "ss", "echo 'LISTEN 0 0 192.168.0.1:443 * users:((\"haproxy\",1))'")
    host.bundle("node", "current", {}, "node")
    services = host.bundle("services", "x", {"services.cfg": CFG, "services.nft": NFT, "services.conf": ""}, "services")
    done = host.run(f"sh {services}/services.sh apply && keep after")
    assert done.returncode == 0, done.stderr
    lines = host.kept("after")["etc/services/haproxy.cfg"].splitlines()
    assert ("    clitcpka-idle 60s" in lines) is times
    assert ("    srvtcpka-cnt 4" in lines) is times
    assert "    bind 192.168.0.1:443 transparent" in lines
    assert ("HAProxy 2.2 has no keepalive times of its own" in done.stdout) is said

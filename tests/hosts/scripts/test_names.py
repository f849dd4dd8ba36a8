"""Endpoints that are names: what resolve.sh sets, and when. Name server and WireGuard are stubs here."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.hosts.scripts.relay_conf import CONF as CONF_OF_RELAY
from tests.hosts.scripts.stubs import stub
from tests.support.examples import TREE

CONF = """\
[Interface]
# inside: 10.233.64.0/18 10.233.0.0/18
Address = 192.168.0.1/24
ListenPort = 51820

[Peer]
# a.example.org
PublicKey = A
AllowedIPs = 192.168.0.2/32
Endpoint = 192.0.2.2:51820

[Peer]
# b.example.org
# resolve: wg.example.org 4500 {families}
PublicKey = B
AllowedIPs = 192.168.0.3/32
"""


@dataclass
class Place:
    """One host, whose peer B has a name."""

    directory: Path
    families: str = "IPv4"
    known: dict[str, list[str]] = field(default_factory=dict)
    """Addresses by family."""
    endpoint: str = "(none)"
    age: int = 10
    """Seconds since the last handshake."""
    sent: int = 100

    def run(self) -> str:
        """Look at names once; return what was printed."""
        bin_ = self.directory / "bin"
        bin_.mkdir(exist_ok=True)
        answers = {f"ahostsv{family[-1]}": addresses for family, addresses in self.known.items()}
        for_all = "".join(
            f'[ "$*" != "{database} wg.example.org" ] || printf "%s STREAM\\n%s DGRAM\\n" {address} {address}\n'
            for database, addresses in answers.items()
            for address in addresses
        )
        stub(
            bin_,
            "getent",
            for_all + '[ "$1" != ahostsv6 ] || echo "::ffff:192.0.2.3 STREAM"\n' if self.known else "exit 2",
        )
        endpoint = self.directory / "endpoint"
        endpoint.write_text(self.endpoint, encoding="utf-8")
        stub(bin_, "wg", f'''case "$*" in
"show wg0 endpoints") printf 'A\\t192.0.2.2:51820\\nB\\t%s\\n' "$(cat {endpoint})" ;;
"show wg0 latest-handshakes") printf 'A\\t0\\nB\\t%s\\n' $(($(date +%s) - {self.age})) ;;
"show wg0 transfer") printf 'A\\t1\\t1\\nB\\t1\\t{self.sent}\\n' ;;
"set wg0 peer B endpoint "*) printf %s "$6" >{endpoint} ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac''')  # fmt: skip
        conf = self.directory / "wg0.conf"
        conf.write_text(CONF.format(families=self.families), encoding="utf-8")
        done = subprocess.run(
            ["/bin/sh", str(TREE / "components/hosts/scripts/node/resolve.sh"), "now"],
            env={
                "PATH": f"{bin_}:{os.environ['PATH']}",
                "STRETCHED_CONF": str(conf),
                "STRETCHED_RUN": str(self.directory / "run"),
            },
            text=True,
            capture_output=True,
            check=True,
        )
        assert done.stderr == ""
        self.endpoint = endpoint.read_text(encoding="utf-8")
        return done.stdout


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_peer_without_endpoint_gets_that_of_its_name(place: Place) -> None:
    place.known = {"IPv4": ["192.0.2.3"]}
    assert place.run() == "wg.example.org: endpoint 192.0.2.3:4500, before (none)\n"
    assert place.endpoint == "192.0.2.3:4500"
    assert place.run() == "", "and nothing is done twice"


def test_a_name_that_cannot_be_resolved_is_told_and_tried_again(place: Place) -> None:
    assert place.run() == "wg.example.org has no IPv4 address here: no endpoint for that peer yet\n"
    place.known = {"IPv4": ["192.0.2.3"]}
    place.run()
    place.known = {}
    assert place.run() == "", "the endpoint that it has may still be right"
    assert place.endpoint == "192.0.2.3:4500"


def test_another_address_of_the_name_is_taken_at_once(place: Place) -> None:
    place.known = {"IPv4": ["192.0.2.3"]}
    place.run()
    place.known = {"IPv4": ["192.0.2.4"]}
    place.run()
    assert place.endpoint == "192.0.2.4:4500"


def test_a_peer_that_moved_by_itself_is_left_where_it_answers(place: Place) -> None:
    place.known = {"IPv4": ["192.0.2.3"]}
    place.run()
    place.endpoint = "198.51.100.9:33333"
    assert place.run() == ""
    assert place.endpoint == "198.51.100.9:33333"
    place.age = 151
    place.run()
    assert place.endpoint == "192.0.2.3:4500", "until it does not answer there any more"


def test_an_order_of_addresses_that_changes_is_no_change(place: Place) -> None:
    place.known = {"IPv4": ["192.0.2.3", "192.0.2.4"]}
    place.run()
    place.known = {"IPv4": ["192.0.2.4", "192.0.2.3"]}
    assert place.run() == ""
    place.endpoint = "198.51.100.9:33333"
    assert place.run() == ""


def test_of_several_addresses_the_next_one_is_tried_when_nobody_answers(place: Place) -> None:
    place.families = "IPv6 IPv4"
    place.known = {"IPv4": ["192.0.2.3"], "IPv6": ["2001:db8::3"]}
    place.run()
    assert place.endpoint == "[2001:db8::3]:4500"
    place.age, place.sent = 200, 248
    place.run()
    assert place.endpoint == "192.0.2.3:4500"
    assert place.run() == "", "nobody speaks to it: nothing is known to be wrong"
    place.sent = 396
    place.run()
    assert place.endpoint == "[2001:db8::3]:4500"


def test_only_addresses_of_the_families_that_the_two_have_in_common_are_taken(place: Place) -> None:
    place.known = {"IPv4": ["192.0.2.3"], "IPv6": ["2001:db8::3"]}
    place.families = "IPv6"
    place.run()
    assert place.endpoint == "[2001:db8::3]:4500"
    place.known = {"IPv4": ["192.0.2.3"]}
    place.endpoint = "(none)"
    assert place.run() == "wg.example.org has no IPv6 address here: no endpoint for that peer yet\n", (
        "an IPv4 one in IPv6's form is none"
    )


@pytest.mark.parametrize(
    "address", ["192.168.0.3", "192.168.0.255", "10.233.64.7", "10.233.0.1", "127.0.1.1", "0.0.0.1", "169.254.1.1"]
)
def test_a_name_that_resolves_into_the_tunnel_is_no_endpoint(place: Place, address: str) -> None:
    """Its packets would go into the tunnel that they are to carry."""
    refused = f"wg.example.org: {address} refused, an endpoint must be outside of the mesh and its cluster, and not local; it stays"
    place.known = {"IPv4": [address]}
    assert place.run() == f"{refused} (none)\n"
    assert place.endpoint == "(none)"
    assert place.run() == "", "this is said once"
    place.known = {"IPv4": ["192.0.2.3"]}
    place.run()
    assert place.endpoint == "192.0.2.3:4500"
    place.known, place.age, place.sent = {"IPv4": [address]}, 200, 396
    assert place.run() == f"{refused} 192.0.2.3:4500\n"
    assert place.endpoint == "192.0.2.3:4500"
    place.known = {"IPv4": [address, "192.0.2.4"]}
    place.run()
    assert place.endpoint == "192.0.2.4:4500", "the other addresses of the name are good"


def test_an_ipv6_address_of_the_host_itself_is_no_endpoint(place: Place) -> None:
    place.families = "IPv6 IPv4"
    place.known = {"IPv4": ["192.0.2.3"], "IPv6": ["::1", "fe80::1"]}
    assert "::1,fe80::1 refused" in place.run()
    assert place.endpoint == "192.0.2.3:4500"


def test_a_peer_whose_name_cannot_be_resolved_is_told_so(tmp_path: Path) -> None:
    for name in ("verify.sh", "lib.sh"):
        (tmp_path / name).write_bytes((TREE / "components/hosts/scripts/node" / name).read_bytes())
    named = CONF_OF_RELAY.replace("PublicKey = G", "# resolve: wg.example.org 51820 IPv4\nPublicKey = G")
    (tmp_path / "wg0.public.conf").write_text(named.replace("Endpoint = 192.0.2.2:51820\n", ""), encoding="utf-8")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    stub(bin_, "uname", "echo a.example.org")
    stub(bin_, "ping", "false")
    stub(bin_, "wg", 'case $3 in endpoints) echo "G\t(none)" ;; *) echo "G\t0" ;; esac')
    environment = {"PATH": f"{bin_}:{os.environ['PATH']}", "STRETCHED_PATIENCE": "1"}
    words = ["/bin/sh", str(tmp_path / "verify.sh")]
    told = subprocess.run(words, env=environment, text=True, capture_output=True, check=False).stderr
    assert (
        "pair failed: a.example.org -> g.example.org (192.168.0.2): no handshake: its name wg.example.org cannot be resolved "
        "on this host (getent ahosts wg.example.org)"
    ) in told

"""What is rendered is what the users wrote down when they built the cluster by hand."""

import yaml

from components.model.cluster.inventory import inventory
from components.model.files.wireguard import peer_section
from components.model.files.yaml_text import to_yaml
from components.model.mesh.peers import peers_of
from components.model.mesh.routing import route
from tests.support.examples import TREE, example

NOTES_PEER = """\
[Peer]
PublicKey = xxjmp6WyT7IU/9hffUjyV0uj8sfYzR6G3C/I3yt+Qxk= # Elliptic curve public key
AllowedIPs = 192.168.0.6/32 # INTERNAL IP assigned to the 'wg0' interface
Endpoint = 192.41.231.216:51820 # EXTERNAL IP and UDP port assigned for negotiating Wireguard traffic
PersistentKeepalive = 30 # Periodic ping between nodes to keep the conenction alive
"""

NOTES_HOSTS = """
uchicago005.hl-lhc.io:
  ansible_host: 192.168.0.5
  ip: 192.168.0.5
  access_ip: 192.168.0.5
  node_labels:
    site: mwt2
    institution: uchicago
umich001.hl-lhc.io:
  ansible_host: 192.168.0.6
  ip: 192.168.0.6
  access_ip: 192.168.0.6
  node_labels:
    site: aglt2
    institution: umich
msu001.hl-lhc.io:
  ansible_host: 192.168.0.7
  ip: 192.168.0.7
  access_ip: 192.168.0.7
  node_labels:
    site: aglt2
    institution: msu
uvic001.hl-lhc.io:
  ansible_host: 192.168.0.8
  ip: 192.168.0.8
  access_ip: 192.168.0.8
  node_labels:
    site: uvic
    institution: uvic
"""


def fields(section: str) -> list[str]:
    """The lines of a section without comments."""
    lines = (line.split(" #")[0].strip() for line in section.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def test_the_peer_block_of_umich_is_that_of_the_notes_field_by_field() -> None:
    spec = example()
    seen_from = spec.node("uchicago005.hl-lhc.io")
    peer = next(peer for peer in peers_of(spec, route(spec), seen_from) if peer.name == "umich001.hl-lhc.io")
    rendered = peer_section(peer, "xxjmp6WyT7IU/9hffUjyV0uj8sfYzR6G3C/I3yt+Qxk=")
    assert fields(rendered) == fields(NOTES_PEER)


def test_the_host_entries_are_those_of_the_notes_field_by_field() -> None:
    rendered = yaml.safe_load(to_yaml(inventory(example())))["all"]["hosts"]
    notes = yaml.safe_load(NOTES_HOSTS)
    assert {name: rendered[name] for name in notes} == notes
    assert [list(rendered[name]) for name in notes] == [list(entry) for entry in notes.values()]


def test_the_whole_inventory_is_the_golden_file() -> None:
    golden = TREE / "tests/model/files/golden/hosts.yml"
    assert to_yaml(inventory(example())) == golden.read_text(encoding="utf-8")

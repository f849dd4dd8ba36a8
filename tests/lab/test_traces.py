"""docs/hosts.md says what becomes of a host. Here hosts are compared: before, with everything on, and after `destroy`."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.lab.mesh_lab import MeshLab
from tests.lab.traces import PROGRAM, Snapshot, differences, not_on_the_page, not_seen, rows, snapshot
from tests.support.examples import TREE, configuration

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

WG0 = {name: f"192.168.9.{number}" for number, name in enumerate(("open1", "gate1", "gate2", "closed1", "dark1"), 1)}
SECTIONS = ("The mesh", "Gateways, names and narrow paths", "The firewall", "Services", "Packages")


def declared() -> dict[str, object]:
    """Everything that the mesh has, on as few hosts as that takes."""

    def closed(host: str, address: str) -> dict[str, object]:
        return {"institution": "north", "nodes": {f"{host}.lab.test": behind(host, address, 2211)}}

    def behind(host: str, address: str, port: int) -> dict[str, object]:
        return {"address": WG0[host], "ssh": {"host": address, "port": port}}

    open1 = {"address": WG0["open1"], "endpoint": "open1.traces.test", "ssh": {"host": "192.0.2.11"}}
    gates = {
        f"gate{number}.lab.test": behind(f"gate{number}", "203.0.113.8", 2210 + number)
        | {"lanAddress": f"10.1.0.1{number}"}
        for number in (1, 2)
    }
    web = {"port": 443, "hostPort": 8443, "at": ["closed"], "from": "public"}
    return {
        **configuration(),
        "mesh": {"cidr": "192.168.9.0/24"},
        "firewall": {"enabled": True, "ssh": ["203.0.113.200/32"]},
        "sites": {
            "open": {
                "institution": "north",
                "nodes": {"open1.lab.test": {**open1, "roles": ["control-plane", "etcd"]}},
            },
            "twogates": {
                "institution": "north",
                "gateway": list(gates),
                "endpoint": ["203.0.113.8:4500", "203.0.113.8:4501"],
                "nodes": gates,
            },
            "closed": closed("closed1", "203.0.113.9"),
            "dark": closed("dark1", "203.0.113.10"),
        },
        "services": {"web": web, "echo": {**web, "port": 5353, "protocol": "udp", "hostPort": 5454}},
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with MeshLab(TREE / "lab/topologies/traces.yaml").standing(tmp_path_factory.mktemp("stack") / "mesh") as made:
        made.everywhere(WG0, "echo 192.0.2.11 open1.traces.test >>/etc/hosts")
        made.write(declared(), "open1.lab.test")
        yield made


def look(place: MeshLab) -> dict[str, Snapshot]:
    """Return a snapshot of each host; two at a time, because each reads its whole file system."""

    def of(host: str) -> Snapshot:
        return snapshot(place.lab("exec", host, "--", "/usr/bin/python3", "-c", PROGRAM).stdout)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(WG0, pool.map(of, WG0), strict=True))


@pytest.fixture(scope="module")
def before(place: MeshLab) -> dict[str, Snapshot]:
    return look(place)


def test_the_page_lists_whatever_is_changed_and_nothing_else(place: MeshLab, before: dict[str, Snapshot]) -> None:
    place.up()
    after = look(place)
    changes = {host: differences(before[host], after[host]) for host in WG0}
    page = rows(*SECTIONS)
    for host, some in changes.items():
        unlisted = not_on_the_page(some, page)
        assert not unlisted, f"{host}, add these to docs/hosts.md:\n" + "\n".join(unlisted)
    assert not not_seen(set().union(*changes.values()), page), "docs/hosts.md names what is not there"


def test_after_destroy_hosts_are_as_they_were_but_for_what_the_page_says_stays(
    place: MeshLab, before: dict[str, Snapshot]
) -> None:
    place.destroy()
    after = look(place)
    staying = [row for row in rows(*SECTIONS) if not row.gone]
    for host in WG0:
        left = not_on_the_page(differences(before[host], after[host]), staying)
        assert not left, f"{host}, these are left:\n" + "\n".join(left)

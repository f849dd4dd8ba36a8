"""What labs change about the machine is changed only where needed, said, and taken back by the last of them."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab import machine
from lab.layout import TREE, state_root
from lab.topology import Host, Topology
from lab.topology_file import load

pytestmark = [
    pytest.mark.long,
    pytest.mark.alone,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it changes limits of the kernel"),
]

LIMIT = Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")


def crowded(limit: int) -> Topology:
    """Return a topology that needs a higher limit than this one."""
    small = load(TREE / "lab" / "topologies" / "t.yaml")
    first = small.sites[0]
    hosts = tuple(Host(f"h{n}.lab.test", IPv4Address("192.0.2.10") + n, first.name) for n in range(limit // 200))
    return replace(small, sites=(replace(first, hosts=hosts), *small.sites[1:]))


@pytest.fixture
def netns_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in for /run/netns, and for the records of labs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(machine, "NETNS_DIRECTORY", tmp_path / "netns")
    monkeypatch.setattr(machine, "NETNS_CONFIGURATION", tmp_path / "configuration")
    before = LIMIT.read_text()
    try:
        yield tmp_path / "netns"
    finally:
        LIMIT.write_text(before)
        while subprocess.run(["umount", str(tmp_path / "netns")], capture_output=True, check=False).returncode == 0:
            pass


def test_too_low_a_limit_is_raised_said_and_put_back(netns_directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = int(LIMIT.read_text())
    topology = crowded(before)
    machine.prepare(topology)
    raised = int(LIMIT.read_text())
    assert raised == machine.limits(topology)["net.ipv4.neigh.default.gc_thresh3"] > before
    assert f"net.ipv4.neigh.default.gc_thresh3 raised from {before} to {raised}" in capsys.readouterr().out
    machine.prepare(topology)
    assert capsys.readouterr().out == ""
    machine.restore()
    assert int(LIMIT.read_text()) == before
    assert not netns_directory.exists()


def test_limits_stay_raised_while_another_lab_is_there(netns_directory: Path) -> None:
    before = int(LIMIT.read_text())
    other = state_root() / "other" / "lab.json"
    other.parent.mkdir(parents=True)
    other.touch()
    machine.prepare(crowded(before))
    machine.restore()
    assert int(LIMIT.read_text()) > before
    other.unlink()
    machine.restore()
    assert int(LIMIT.read_text()) == before
    assert not netns_directory.exists()


def test_the_directory_of_namespaces_that_came_with_the_lab_goes_with_it(netns_directory: Path) -> None:
    machine.prepare(crowded(1000))
    netns_directory.mkdir()
    subprocess.run(["mount", "--bind", str(netns_directory), str(netns_directory)], check=True)
    machine.restore()
    assert not netns_directory.exists()


def test_a_directory_of_namespaces_that_was_there_or_is_in_use_stays(netns_directory: Path) -> None:
    netns_directory.mkdir()
    machine.prepare(crowded(1000))
    machine.restore()
    assert netns_directory.exists()
    netns_directory.rmdir()
    machine.prepare(crowded(1000))
    netns_directory.mkdir()
    (netns_directory / "somebody-s").touch()
    machine.restore()
    assert (netns_directory / "somebody-s").exists()

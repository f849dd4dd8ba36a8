"""A lab of one host that is served files, packages and images. The tests run in the file's order on that lab."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab import record, rootfilesystem
from lab.cgroups import Cgroups
from lab.kubernetes import images
from lab.kubespray import packages, registry, service, services
from lab.layout import TREE, Layout
from lab.topology import System
from lab.topology_file import load
from tests.lab.claim import claimed

pytestmark = [
    pytest.mark.long,
    pytest.mark.alone,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: namespaces, cgroups, network devices"),
]

TOPOLOGY = """
name: k
operator: {address: 203.0.113.200}
sites:
  only:
    lan: 192.0.2.0/24
    gateway: 192.0.2.1
    hosts: {a1.lab.test: 192.0.2.11}
"""
LAYOUT = Layout("k")
FILES = "http://203.0.113.200:8000"
IMAGES = "http://203.0.113.200:5000"
SERVERS = ("kubespray-files", "kubespray-registry")


def lab(topology: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "lab", "--topology", str(topology), *words],
        cwd=TREE,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = str(tmp_path_factory.mktemp("state"))
    file = tmp_path_factory.mktemp("topology") / "k.yaml"
    file.write_text(TOPOLOGY, encoding="utf-8")
    with claimed(file, XDG_STATE_HOME=home), pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", home)
        lab(file, "up")
        yield file


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> service.Mirror:
    """Serve one file and two images, besides the packages."""
    made = tmp_path_factory.mktemp("artifacts")
    for name in ("files/v1", "images", "storage"):
        (made / name).mkdir(parents=True)
    program = made / "files/v1/kubelet"
    program.write_text("a program", encoding="utf-8")
    for tag in ("1", "2"):
        image = images.Image(f"registry.lab/some/tool:{tag}", ("/tool",), {"/tool": program})
        images.write(image, made / f"images/tool-{tag}.tar")
    registry.fill(made / "storage", sorted((made / "images").iterdir()))
    offered = packages.repository(rootfilesystem.ensure(System()))
    return service.Mirror(IPv4Address("203.0.113.200"), made / "files", offered, made / "storage")


def cgroups() -> Cgroups:
    known = record.read(LAYOUT)
    assert known is not None
    return known.directories


def running() -> dict[str, set[int]]:
    return {name: cgroups().processes(name) for name in SERVERS}


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def test_files_and_images_reach_a_host(topology: Path, mirror: service.Mirror) -> None:
    service.serve(mirror, LAYOUT, cgroups())
    assert lab(topology, "exec", "a1", "--", "curl", "-sS", f"{FILES}/v1/kubelet") == "a program"
    found = json.loads(lab(topology, "exec", "a1", "--", "curl", "-sS", f"{IMAGES}/v2/some/tool/tags/list"))
    assert sorted(found["tags"]) == ["1", "2"]
    # Nobody can put anything there.
    refused = lab(topology, "exec", "a1", "--", "curl", "-sS", "-X", "POST", f"{IMAGES}/v2/some/tool/blobs/uploads/")
    assert refused == "Method not allowed\n"


def test_a_host_installs_what_kubespray_wants_and_it_alone_knows_where_from(
    topology: Path, mirror: service.Mirror
) -> None:
    services.offer_packages(load(topology), LAYOUT, mirror)
    lab(topology, "exec", "a1", "--", "apt-get", "--yes", "--simulate", "install", *packages.KUBESPRAY)
    lab(topology, "exec", "a1", "--", "apt-get", "--yes", "--quiet", "install", "mergerfs")
    assert "mergerfs" in lab(topology, "exec", "a1", "--", "dpkg-query", "--show", "mergerfs")


def test_what_serves_already_is_left_alone_and_what_ended_is_started_again(mirror: service.Mirror) -> None:
    before = running()
    assert all(before.values())
    service.serve(mirror, LAYOUT, cgroups())
    assert running() == before
    cgroups().kill(SERVERS[1])
    service.serve(mirror, LAYOUT, cgroups())
    after = running()
    assert after[SERVERS[0]] == before[SERVERS[0]]
    assert after[SERVERS[1]]
    assert after[SERVERS[1]] != before[SERVERS[1]]


def test_other_artifacts_are_served_at_once(topology: Path, mirror: service.Mirror, tmp_path: Path) -> None:
    (tmp_path / "v2").mkdir()
    (tmp_path / "v2/kubelet").write_text("another program", encoding="utf-8")
    service.serve(replace(mirror, files=tmp_path), LAYOUT, cgroups())
    assert lab(topology, "exec", "a1", "--", "curl", "-sS", f"{FILES}/v2/kubelet") == "another program"
    assert "404" in lab(topology, "exec", "a1", "--", "curl", "-sSI", f"{FILES}/v1/kubelet")


def test_nothing_of_it_outlives_the_lab(topology: Path) -> None:
    pids = set().union(*running().values())
    assert len(pids) == 2
    lab(topology, "down")
    assert not {pid for pid in pids if alive(pid)}

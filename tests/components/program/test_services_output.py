"""The stack's output `services`."""

import asyncio
from pathlib import Path

import pulumi
import pytest

from components.mesh.mesh import Mesh
from components.model.configuration import parse
from tests.support.examples import changed, overview, read, three_sites
from tests.support.program import run_program
from tests.support.registered import plain_text

WEB = {"port": 443, "nodePort": 30443, "from": "public", "at": ["closed"]}


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    outputs: dict[str, object] = {}
    monkeypatch.setattr(pulumi, "export", outputs.__setitem__)
    return outputs


def test_the_output_describes_each_service_and_is_not_secret(exported: dict[str, object], tmp_path: Path) -> None:
    run_program(changed("services", {"web": WEB}, three_sites()), tmp_path)
    output = exported["services"]
    assert output == {
        "web": {
            "mode": "tunnel",
            "why": "it runs at closed, without a public node",
            "port": 443,
            "protocol": "tcp",
            "addresses": ["192.0.2.11"],
            "paths": ["client -> open1 (192.0.2.11:443/tcp) -> wg0 -> closed1:30443, closed2:30443"],
            "dns": ["web A 192.0.2.11"],
            "firewall": ["TCP 443 at 192.0.2.11 from any address, to open1.lab.test"],
        }
    }
    readme = exported["readme"]
    assert isinstance(readme, pulumi.Output)
    text = asyncio.get_event_loop().run_until_complete(readme.future())
    assert "## Services" in str(text)
    assert '(["web TCP 443"])' in (tmp_path / ".stretched/test/readme.md").read_text(encoding="utf-8")
    assert "web TCP 443" in (tmp_path / ".stretched/test/diagram.svg").read_text(encoding="utf-8")


def test_without_services_there_is_no_such_output(exported: dict[str, object], tmp_path: Path) -> None:
    run_program(three_sites(), tmp_path)
    assert "kubeconfig" in exported
    assert "services" not in exported


def test_a_service_changes_neither_tunnels_nor_the_cluster(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    without = run_program(three_sites(), tmp_path / "one")
    with_service = run_program(changed("services", {"web": WEB}, three_sites()), tmp_path / "other")
    for key, resource in without.items():
        if not key.endswith(("-files", "-preflight")):  # of entry nodes: uploads, and whether the port is free
            assert plain_text(with_service[key].inputs) == plain_text(resource.inputs), key


def test_a_preview_shows_where_services_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(pulumi.log, "info", lambda text, _: log.append(text))
    for services in ({}, {"web": WEB}):
        spec = parse(changed("services", services, three_sites()), read)
        Mesh.announce(object.__new__(Mesh), overview(spec), Path("readme.md"), Path("diagram.svg"))
    assert "Services:" not in log[0]
    row = next(line for line in log[1].splitlines() if line.startswith("| web"))
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [
        "web",
        "192.0.2.11:443/tcp",
        "open1",
        "closed",
        "tunnel",
        "it runs at closed, without a public node",
    ]

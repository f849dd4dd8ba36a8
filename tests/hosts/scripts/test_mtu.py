"""Routes with the MTU of their path, as far as they can be tried without a host: services, routes and paths are stubs."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.hosts.scripts.stubs import stub
from tests.support.examples import TREE

NODE = TREE / "components/hosts/scripts/node"
SOURCED = 'set -- ; . "{here}/lib.sh"; here={here}; conf={conf}; . "{here}/relay.sh"; . "{here}/mtu.sh"; {words}'
CONF = "[Peer]\nAllowedIPs = 192.168.0.2/32, 192.168.0.3/32\n\n[Peer]\nAllowedIPs = 192.168.0.14/32\n"


def line(address: str, mtu: int = 1328) -> str:
    return f"route replace {address}/32 dev wg0 proto 83 mtu {mtu}\n"


class Host:
    """A host's directories, with systemctl, ip and python3 as stubs that note their words."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.here = place / "node"
        self.here.mkdir()
        for file in NODE.iterdir():
            (self.here / file.name).write_bytes(file.read_bytes())
        (place / "bin").mkdir()
        (place / "units").mkdir()
        (place / "wg0.conf").write_text(CONF, encoding="utf-8")
        for name in ("systemctl", "ip"):
            stub(place / "bin", name, f'echo "{name} $*" >>{place}/ran')
        self.paths("")

    def paths(self, found: str, status: int = 0) -> None:
        """What components.hosts.paths.fit prints from now on."""
        (self.place / "found").write_text(found, encoding="utf-8")
        stub(self.place / "bin", "python3", f'echo "$*" >>{self.place}/asked; cat {self.place}/found; exit {status}')

    def run(self, words: str) -> subprocess.CompletedProcess[str]:
        (self.place / "ran").write_text("", encoding="utf-8")
        script = SOURCED.format(here=self.here, conf=self.place / "wg0.conf", words=words)
        environment = {
            "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}",
            "STRETCHED_UNITS": str(self.place / "units"),
            "STRETCHED_ETC": str(self.place / "etc"),
        }
        return subprocess.run(["/bin/sh", "-c", script], env=environment, text=True, capture_output=True, check=False)

    @property
    def ran(self) -> list[str]:
        return (self.place / "ran").read_text(encoding="utf-8").splitlines()

    @property
    def routes(self) -> str | None:
        file = self.place / "etc/mtu.routes"
        return file.read_text(encoding="utf-8") if file.exists() else None


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_host_without_narrow_paths_gets_nothing(host: Host) -> None:
    done = host.run("mtu_fit")
    assert (done.returncode, done.stdout) == (0, "")
    assert host.ran == ["ip route flush cache"], "what was learned of paths before is forgotten"
    assert not (host.place / "etc").exists()
    assert not list((host.place / "units").iterdir())


def test_a_narrow_path_gets_a_route_now_and_at_every_boot(host: Host) -> None:
    host.paths(line("192.168.0.2"))
    done = host.run("mtu_fit")
    assert done.stdout == "mtu: 1 routes have a lower MTU than wg0\n"
    assert host.ran[-2:] == [
        "systemctl enable --quiet stretched-mtu.service",
        "systemctl restart stretched-mtu.service",
    ]
    assert host.routes == line("192.168.0.2")
    unit = (host.place / "units/stretched-mtu.service").read_text(encoding="utf-8")
    assert "ip -batch /etc/stretched/mtu.routes" in unit
    assert "WantedBy=wg-quick@wg0.service" in unit
    asked = (host.place / "asked").read_text(encoding="utf-8")
    assert asked == f"-B -E -s -m components.hosts.paths.fit {host.place}/wg0.conf {host.place}/etc/mtu.routes\n"


def test_a_second_run_changes_nothing_unless_the_kernel_has_lost_a_route(host: Host) -> None:
    host.paths(line("192.168.0.2"))
    host.run("mtu_fit")
    stub(host.place / "bin", "ip", f'echo "ip $*" >>{host.place}/ran; [ "$2" != show ] || echo 192.168.0.2 mtu 1328')
    assert host.run("mtu_fit").stdout == ""
    assert "systemctl restart stretched-mtu.service" not in host.ran
    stub(host.place / "bin", "ip", f'echo "ip $*" >>{host.place}/ran')
    host.run("mtu_fit")
    assert "systemctl restart stretched-mtu.service" in host.ran


def test_when_the_path_is_wide_again_nothing_is_left(host: Host) -> None:
    host.paths(line("192.168.0.2"))
    host.run("mtu_fit")
    host.paths("")
    assert host.run("mtu_fit").stdout == "mtu: all paths carry wg0's MTU\n"
    assert "systemctl disable --quiet --now stretched-mtu.service" in host.ran
    assert not (host.place / "etc").exists()
    assert not list((host.place / "units").iterdir())
    assert host.run("mtu_off").stdout == ""


def test_what_is_a_relays_stays_when_the_routes_go(host: Host) -> None:
    host.paths(line("192.168.0.2"))
    host.run("mtu_fit")
    (host.place / "etc/relay.nft").write_text("", encoding="utf-8")
    host.run("mtu_off")
    assert [path.name for path in (host.place / "etc").iterdir()] == ["relay.nft"]


def test_a_path_too_narrow_is_a_failure_after_the_others_have_their_routes(host: Host) -> None:
    host.paths(line("192.168.0.3"), status=3)
    done = host.run("mtu_fit")
    assert done.returncode == 1
    assert "the MTU of a path is too small (see above)" in done.stderr
    assert host.routes == line("192.168.0.3")


def test_a_measurement_that_breaks_takes_no_route_away(host: Host) -> None:
    host.paths(line("192.168.0.2"))
    host.run("mtu_fit")
    host.paths("", status=1)
    done = host.run("mtu_fit")
    assert done.returncode == 1
    assert "cannot be measured" in done.stderr
    assert host.routes == line("192.168.0.2")


def test_nodes_that_left_lose_their_routes_and_no_others(host: Host) -> None:
    host.paths("".join(map(line, ("192.168.0.3", "192.168.0.1", "192.168.0.14", "192.168.0.4"))))
    host.run("mtu_fit")
    host.run("mtu_prune")
    assert host.routes == line("192.168.0.3") + line("192.168.0.14")
    (host.place / "wg0.conf").write_text("[Interface]\n", encoding="utf-8")
    host.run("mtu_prune")
    assert host.routes is None
    assert host.run("mtu_prune").returncode == 0

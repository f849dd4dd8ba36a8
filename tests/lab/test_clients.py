"""A roaming client on real hosts: it gets in by the gateway, reaches all nodes, roams, and is shut out when removed.

The tests run in the file's order on one lab, `lab/topologies/people.yaml`; the program is tests/lab/mesh.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.lab.mesh_lab import MeshLab, with_real_keys
from tests.lab.place import processes_seen, wait_until
from tests.support.camera import seen
from tests.support.examples import TREE, changed, three_sites

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

NODES = {"open1": "192.168.7.1", "gate": "192.168.7.3", "inner1": "192.168.7.4", "closed1": "192.168.7.6"}
ADA = "192.168.7.200"
PROCESSES: set[str] = set()
"""Command lines and environments of all processes while anything with a secret ran."""
PRINTED: list[str] = []
"""What `pulumi up` printed."""


def declared(clients: dict[str, object]) -> dict[str, object]:
    """The hosts of the topology, whose gateway takes clients; keys are in the lab's known_hosts."""
    config = changed("sites/oneport/clients", "192.168.7.128/25", three_sites())
    for path in ("open/nodes/open2.lab.test", "oneport/nodes/inner2.lab.test", "closed/nodes/closed2.lab.test"):
        config = changed(f"sites/{path}", None, config)
    return {**with_real_keys(config), "clients": clients}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with MeshLab(TREE / "lab/topologies/people.yaml").standing(tmp_path_factory.mktemp("stack") / "mesh") as made:
        yield made


def up(place: MeshLab, clients: dict[str, object]) -> str:
    place.write(declared(clients), "open1.lab.test")
    with processes_seen() as seen_now:
        started = time.monotonic()
        PRINTED.append(place.up())
        print(f"up: {time.monotonic() - started:.0f} s")
    PROCESSES.update(seen_now)
    return PRINTED[-1]


def outputs(place: MeshLab) -> dict[str, str]:
    words = ("stack", "output", "clients", "--show-secrets", "--json", "--stack", place.stack)
    found: dict[str, str] = json.loads(place.pulumi(*words))
    return found


def take(place: MeshLab, configuration: str) -> None:
    """Put a configuration on the laptop, as its owner does, and bring it up."""
    words = ["exec", "laptop", "--", "sh", "-euc", "umask 077; mkdir -p /etc/wireguard; cat >/etc/wireguard/ada.conf"]
    subprocess.run(
        [sys.executable, "-m", "lab", "--topology", str(place.file), *words],
        cwd=TREE, input=configuration, text=True, check=True,
    )  # fmt: skip
    place.sh("laptop", "systemctl restart wg-quick@ada")


def changed_hosts(printed: str) -> set[str]:
    """Whose commands ran in a `pulumi up`."""
    return set(re.findall(r"[+~-] +command:\S+ +mesh-(\w+)\.lab\.test-\w+ (?:creat|updat|delet)", printed))


def test_the_mesh_comes_up_with_nobody_inside_but_nodes(place: MeshLab) -> None:
    assert "verified: 2 peers answer over wg0, 1 nodes through relays" in up(place, {})
    place.sh("laptop", "apt-get update -q; apt-get install -q -y wireguard-tools")
    assert not place.pings("laptop", NODES["gate"])


def test_a_new_client_changes_its_gateway_and_no_other_host(place: MeshLab) -> None:
    printed = up(place, {"ada-laptop": {"address": ADA}, "bea-phone": {}})
    assert changed_hosts(printed) == {"gate"}
    assert "client: ada-laptop" in place.sh("gate", "cat /etc/wireguard/wg0.conf")
    assert ADA not in place.sh("closed1", "cat /etc/wireguard/wg0.conf")
    assert place.sh("gate", "stat -c %a /etc/wireguard/wg0.conf") == "600"


def test_the_client_reaches_every_node_of_an_open_and_of_a_closed_site(place: MeshLab) -> None:
    take(place, outputs(place)["ada-laptop"])
    for name, address in NODES.items():
        wait_until(lambda: place.pings("laptop", address), 20, f"laptop -> {name}")  # noqa: B023 - at once
        place.reaches(name, ADA)


def test_it_reaches_a_service_on_a_nodes_wg0_address_as_the_api_is_one(place: MeshLab) -> None:
    place.sh("closed1", "systemd-run -q --unit=api --collect python3 -m http.server --bind 192.168.7.6 6443")
    wait_until(lambda: "192.168.7.6:6443" in place.sh("closed1", "ss -ltn"), 20, "the service listens")
    asked = "python3 -c \"import urllib.request as r; print(r.urlopen('http://192.168.7.6:6443', timeout=120).status)\""
    assert place.sh("laptop", asked) == "200"
    assert f"{ADA} - - " in place.sh("closed1", "journalctl -q -o cat -u api"), "the node sees who it is"


def test_what_is_not_the_mesh_does_not_go_through_it(place: MeshLab) -> None:
    assert "dev eth0" in place.sh("laptop", "ip route get 192.0.2.11")
    assert "dev ada" in place.sh("laptop", "ip route get 192.168.7.6")


def test_the_code_in_a_terminal_is_the_configuration(place: MeshLab) -> None:
    ours, theirs = os.openpty()
    words = [
        "--topology",
        str(place.file),
        "run",
        sys.executable,
        "-m",
        "tools.qr",
        "ada-laptop",
        "--stack",
        place.stack,
    ]
    with processes_seen() as seen_now:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab", *words],
            cwd=place.directory,
            env={**os.environ, "PYTHONPATH": str(TREE), "COLUMNS": "120"},
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        told = b""
        try:
            while part := os.read(ours, 4096):
                told += part
        except OSError:
            pass  # the other side is closed
        assert process.wait(timeout=300) == 0, told.decode()
    os.close(ours)
    PROCESSES.update(seen_now)
    assert seen(told.decode()) == outputs(place)["ada-laptop"]


def test_it_roams_to_another_address_and_goes_on(place: MeshLab) -> None:
    assert "198.51.100.21:" in place.sh("gate", "wg show wg0 endpoints")
    place.sh(
        "laptop",
        "ip address add 198.51.100.22/25 dev eth0; ip address del 198.51.100.21/25 dev eth0;"
        " ip address replace 198.51.100.22/25 dev eth0; ip route replace default via 198.51.100.1",
    )
    wait_until(lambda: place.pings("laptop", NODES["closed1"]), 40, "the laptop reaches closed1 from its new place")
    assert "198.51.100.22:" in place.sh("gate", "wg show wg0 endpoints")
    place.reaches("inner1", ADA)


def test_another_run_changes_nothing_and_new_keys_shut_the_old_ones_out(place: MeshLab) -> None:
    clients: dict[str, object] = {"ada-laptop": {"address": ADA}, "bea-phone": {}}
    assert re.search(r"Resources:\n +\d+ unchanged", up(place, clients))
    old = outputs(place)["ada-laptop"]
    printed = up(place, {**clients, "ada-laptop": {"address": ADA, "rotation": "2"}})
    assert changed_hosts(printed) == {"gate"}
    assert not place.pings("laptop", NODES["gate"])
    new = outputs(place)["ada-laptop"]
    assert new != old
    take(place, new)
    wait_until(lambda: place.pings("laptop", NODES["closed1"]), 20, "the laptop gets in with its new keys")


def test_a_removed_client_gets_in_no_more_and_the_other_one_stays(place: MeshLab) -> None:
    PRINTED.append(outputs(place)["ada-laptop"])
    printed = up(place, {"bea-phone": {}})
    assert changed_hosts(printed) == {"gate"}
    assert ADA not in place.sh("gate", "wg show wg0 allowed-ips; cat /etc/wireguard/wg0.conf")
    assert "client: bea-phone" in place.sh("gate", "cat /etc/wireguard/wg0.conf")
    place.sh("laptop", "systemctl restart wg-quick@ada")
    for address in NODES.values():
        assert not place.pings("laptop", address)


def test_its_secrets_were_nowhere_but_in_its_own_file(place: MeshLab) -> None:
    configuration = PRINTED.pop(-2)
    assert configuration.startswith("[Interface]")
    secrets = re.findall(r"(?:PrivateKey|PresharedKey) = (\S+)", configuration)
    assert len(secrets) == 2
    state = [file for file in (place.layout.access / "pulumi").rglob("*") if file.is_file()]
    assert any(b"ada-laptop" in file.read_bytes() for file in state), "the history has it, so this test can fail"
    kept = {
        str(file): file.read_text(errors="replace") for file in [*state, *place.directory.rglob("*")] if file.is_file()
    }
    assert any("tools.qr" in text for text in PROCESSES)
    for secret in secrets:
        assert not [name for name, text in kept.items() if secret in text]
        assert not [text for text in [*PRINTED, *PROCESSES] if secret in text]
        for name in NODES:
            assert place.sh(name, f"grep -rlF -e {secret} /etc /root /run /var/log /tmp || true") == "", name
    assert place.sh("laptop", "stat -c %a /etc/wireguard/ada.conf") == "600"


def test_nothing_is_left_of_it_on_any_host(place: MeshLab) -> None:
    place.pulumi("destroy", "--yes", "--skip-preview", "--stack", place.stack)
    for name in NODES:
        place.sh(name, "test ! -e /etc/wireguard && test ! -e /etc/stretched && test ! -e /sys/class/net/wg0")
        assert "stretched" not in place.sh(name, "nft list tables; ls /etc/systemd/system; ls -A /root")

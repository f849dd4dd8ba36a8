"""The example cluster, where `make up` has left it up: looked at, and not touched. tests/cluster makes one and goes into depth."""

import json
import os
from pathlib import Path

import pytest

from lab.layout import state_root
from tests.lab.place import DEV, HOSTS, PING_UNTIL_ANSWERED, STACK, kubectl, on, pulumi, wait_for


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the kubeconfig of the stack."""
    if os.geteuid() != 0 or not DEV.layout.state.is_dir() or (state_root() / f"{DEV.layout.name}.tests").exists():
        pytest.skip("the example cluster is not up: `make up` makes it")
    told = pulumi("stack", "output", "kubeconfig", "--show-secrets", "--stack", STACK, check=False)
    if told.returncode != 0:
        pytest.skip("the lab of the example is up and has no cluster: `make up` makes it")
    file = tmp_path_factory.mktemp("example") / "kubeconfig"
    file.touch(mode=0o600)
    file.write_text(told.stdout, encoding="utf-8")
    return file


def test_its_nodes_are_ready_and_know_their_sites(kubeconfig: Path) -> None:
    def ready() -> dict[str, bool]:
        found = json.loads(kubectl(kubeconfig, "get", "nodes", "-o", "json"))["items"]
        assert all(node["metadata"]["labels"]["site"] for node in found)
        conditions = {node["metadata"]["name"]: node["status"]["conditions"] for node in found}
        return {
            name: ("Ready", "True") in [(one["type"], one["status"]) for one in all_]
            for name, all_ in conditions.items()
        }

    wait_for(ready, dict.fromkeys(HOSTS, True), 60, "all nodes are Ready")


@pytest.mark.usefixtures("kubeconfig")
def test_its_hosts_reach_each_other_over_wg0() -> None:
    nodes = json.loads(pulumi("stack", "output", "nodes", "--json", "--stack", STACK).stdout)
    ping = PING_UNTIL_ANSWERED.replace("ADDRESS", "$address")
    for host in HOSTS:
        on(
            host,
            "sh",
            "-c",
            f"for address in {' '.join(node['address'] for node in nodes.values())}; do {ping} || exit; done",
        )

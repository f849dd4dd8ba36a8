"""A machine that gets another name is refused before any resource is declared."""

from pathlib import Path

import pulumi
import pytest

from tests.support.examples import changed, configuration, example, host_key
from tests.support.program import run_program

FORMER, NODE = "uvic000.hl-lhc.io", "uvic001.hl-lhc.io"
KEY = example().node(NODE).ssh.host_key
PATH = f"sites.uvic.nodes.{NODE}"


def known(**host_keys: str) -> dict[str, object]:
    """The stack's state: nodes and their host keys."""
    commands = "urn:pulumi:test::stretched::stretched:index:Mesh$stretched:index:Tunnel$command:remote:Command"
    return {
        f"{commands}::{name}-prepared": {"outputs": {"connection": {"host": "192.0.2.1", "hostKey": key}}}
        for name, key in host_keys.items()
    }


@pytest.mark.parametrize("prefix", ["mesh-", ""])
def test_a_machine_that_had_another_name_is_refused_with_the_way_round(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run_program(configuration(), tmp_path, known(**{f"{prefix}{FORMER}": KEY, f"{prefix}other": host_key("other")}))
    assert str(caught.value) == (
        "1 mistake in the configuration, nothing was changed on any host:\n"
        f"  - {PATH}: is the machine that was {FORMER} in the last run, by its host key; keep that name, or rename it in "
        f"two runs: first remove {FORMER} and run `pulumi up`, which takes Kubernetes, wg0 and our files from the machine; "
        "then declare it by the new name"
    )
    assert not (tmp_path / ".stretched").exists()


def test_names_that_two_machines_exchange_are_refused(tmp_path: Path) -> None:
    other = "umich001.hl-lhc.io"
    exchanged = known(**{f"mesh-{other}": KEY, f"mesh-{NODE}": example().node(other).ssh.host_key})
    with pytest.raises(pulumi.RunError, match="2 mistakes"):
        run_program(configuration(), tmp_path, exchanged)


def test_the_same_name_on_the_same_or_on_another_machine_is_no_rename(tmp_path: Path) -> None:
    for key in (KEY, host_key("before it was reinstalled")):
        run_program(configuration(), tmp_path, known(**{f"mesh-{NODE}": key}))


def test_another_node_on_another_machine_is_no_rename(tmp_path: Path) -> None:
    run_program(configuration(), tmp_path, known(**{f"mesh-{FORMER}": host_key("removed in this run")}))
    run_program(
        changed(f"sites/uvic/nodes/{NODE}/ssh", {"hostKey": host_key("new")}),
        tmp_path,
        known(**{f"mesh-{FORMER}": KEY}),
    )

"""Units of nftables tables: whatever nftables.service does, they load their tables again. The real systemd is in tests/lab."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hosts.scripts.stubs import stub
from tests.support.examples import TREE

SCRIPTS = TREE / "components/hosts/scripts"
UNITS = [
    path for path in sorted(SCRIPTS.glob("*/*.service")) if "RemainAfterExit" in path.read_text(encoding="utf-8") and path.name != "mtu.service"
]  # fmt: skip


def test_these_are_the_units_of_tables() -> None:
    assert [path.name for path in UNITS] == ["firewall.service", "relay.service", "services-table.service"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_table_is_loaded_again_after_nftables_has_flushed_it(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    after = next(line for line in lines if line.startswith("After="))
    assert "nftables.service" in after
    assert {"PartOf=nftables.service", "ReloadPropagatedFrom=nftables.service"} <= set(lines)
    loads = [line.partition("=")[2] for line in lines if line.startswith("ExecStart=")]
    assert f"ExecReload={loads[0]}" in lines
    watched = (SCRIPTS / "node/tables.sh").read_text(encoding="utf-8")
    assert f"\nstretched-{path.name} " in watched
    assert "WantedBy=nftables.service" in (SCRIPTS / "node/tables.service").read_text(encoding="utf-8")


def in_namespace(script: str, programs: Path) -> str:
    """Run a script in a network of its own, with these programs before all others; return what it printed."""
    done = subprocess.run(
        ["unshare", "--net", "sh", "-euc", script],
        env={"PATH": f"{programs}:{os.environ['PATH']}"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("nft"), reason="needs root and nft: tables of a namespace")
def test_a_deleted_table_is_loaded_again_unless_its_unit_was_stopped(tmp_path: Path) -> None:
    bin_directory, log = tmp_path / "bin", tmp_path / "log"
    bin_directory.mkdir()
    # There is no systemd in a namespace: relay's unit was stopped by hand.
    stub(
        bin_directory,
        "systemctl",
        f'[ "$1" != is-active ] || [ "$3" != stretched-relay.service ] || exit 3; echo "$*" >>{log}',
    )
    script = (
        "nft add table inet stretched_firewall; nft add table inet stretched; nft add table inet stretched_services\n"
        f"sh {SCRIPTS}/node/tables.sh is-active; echo --\n"
        "nft flush ruleset\n"
        f"sh {SCRIPTS}/node/tables.sh is-active; echo --; sh {SCRIPTS}/node/tables.sh is-enabled\n"
    )
    before, after, with_nftables = in_namespace(script, bin_directory).split("--\n")
    assert before == ""
    assert with_nftables.count("loading it again") == 3, "a start of nftables.service brings all back"
    assert [line.partition(":")[0] for line in after.splitlines()] == [
        "stretched-firewall.service", "stretched-services-table.service"
    ]  # fmt: skip
    loaded = [line for line in log.read_text(encoding="utf-8").splitlines() if "reload-or-restart" in line]
    assert loaded[:2] == [
        "--no-block reload-or-restart stretched-firewall.service",
        "--no-block reload-or-restart stretched-services-table.service",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a namespace of its own")
def test_a_relay_forwards_again_after_somebody_switched_it_off_for_all_devices(tmp_path: Path) -> None:
    bin_directory = tmp_path / "bin"
    bin_directory.mkdir()
    stub(bin_directory, "nft")
    stub(bin_directory, "systemctl", '[ "$1" != --no-block ] || echo "$*"')
    script = (
        "ip link add wg0 type veth peer name other; echo 1 >/proc/sys/net/ipv4/conf/wg0/forwarding\n"
        f"sh {SCRIPTS}/node/tables.sh is-active; echo --\n"
        "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/ip_forward\n"
        f"sh {SCRIPTS}/node/tables.sh is-active\n"
    )
    before, after = in_namespace(script, bin_directory).split("--\n", 1)
    assert before == ""
    assert after.splitlines()[-1] == "--no-block restart stretched-relay.service"

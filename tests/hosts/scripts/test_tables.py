"""Units of nftables tables: whatever nftables.service does, they load their tables again. The real systemd is in tests/lab."""

from pathlib import Path

import pytest

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
    on_start = (SCRIPTS / "node/tables.service").read_text(encoding="utf-8")
    assert f" {path.stem}" in on_start.partition("for table in")[2].partition(";")[0]
    assert "WantedBy=nftables.service" in on_start

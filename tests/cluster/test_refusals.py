"""What cannot work is refused with one clear message, and no host is changed by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.lab.place import HOSTS, STACK, lab, pulumi, snapshot
from tests.support.examples import HOST_KEY, TREE

pytestmark = pytest.mark.long

STACK_OF_TESTS = "refused"


@pytest.fixture(scope="module")
def stack(dev_lab: bool) -> Iterator[None]:  # noqa: ARG001
    """A stack of its own on the same hosts, removed afterwards."""
    pulumi("stack", "select", "--create", STACK_OF_TESTS)
    (TREE / f"Pulumi.{STACK_OF_TESTS}.yaml").unlink(missing_ok=True)
    yield
    pulumi("stack", "rm", "--yes", "--force", "--preserve-config", STACK_OF_TESTS)
    (TREE / f"Pulumi.{STACK_OF_TESTS}.yaml").unlink(missing_ok=True)


def refused(tmp_path: Path, node: dict[str, object]) -> str:
    """Run `pulumi up` with another uvic001; assert that it failed and touched nothing; return what it said."""
    config = yaml.safe_load((TREE / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8"))
    config["config"]["stretched:sites"]["uvic"]["nodes"]["uvic001.hl-lhc.io"].update(node)
    file = tmp_path / "Pulumi.refused.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    before = {host: snapshot(host) for host in HOSTS}
    done = pulumi("up", "--yes", "--skip-preview", "--config-file", str(file), "--stack", STACK_OF_TESTS, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert {host: snapshot(host) for host in HOSTS} == before
    return done.stdout


@pytest.mark.usefixtures("stack")
def test_an_unreachable_host_is_named_and_no_other_is_touched(tmp_path: Path) -> None:
    said = refused(tmp_path, {"ssh": {"host": "198.51.100.77", "hostKey": HOST_KEY}})
    assert "uvic001.hl-lhc.io-preflight" in said
    assert "198.51.100.77:22" in said
    errors = {line.partition("error: ")[2] for line in said.splitlines() if "error: " in line}  # shown more than once
    assert len(errors) == 2, said
    assert "update failed" in errors


@pytest.mark.usefixtures("stack")
def test_a_wrong_host_key_is_named_and_no_host_is_touched(tmp_path: Path) -> None:
    said = refused(tmp_path, {"ssh": {"host": "203.0.113.8", "hostKey": HOST_KEY}})
    assert "uvic001.hl-lhc.io-preflight" in said
    assert "host key mismatch" in said


@pytest.mark.usefixtures("stack")
def test_mistakes_in_the_configuration_are_all_reported_before_any_connection(tmp_path: Path) -> None:
    said = refused(tmp_path, {"address": "192.168.0.7", "roles": ["etcd"], "adress": "x"})
    assert "3 mistakes in the configuration, nothing was changed on any host" in said
    for text in (
        "address: 192.168.0.7 is already used by msu001",
        "4 nodes have the role etcd",
        "did you mean `address`?",
    ):
        assert text in said


@pytest.mark.usefixtures("stack")
def test_somebody_elses_wg0_is_left_alone(tmp_path: Path) -> None:
    conf = "/etc/wireguard/wg0.conf"
    lab(
        "exec",
        "uvic001",
        "--",
        "sh",
        "-c",
        f"mkdir -p /etc/wireguard; [ ! -e {conf} ] || cp -p {conf} /run/kept; echo '[Interface]' >{conf}",
    )
    try:
        said = refused(tmp_path, {})
    finally:
        lab("exec", "uvic001", "--", "sh", "-c", f"rm {conf}; [ ! -e /run/kept ] || mv /run/kept {conf}")
    assert f"obstacle: {conf} was not written by this program: move it away" in said

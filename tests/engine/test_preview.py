"""`pulumi preview` of the program itself: it needs no host, and says all that is wrong at once."""

import re
from pathlib import Path

import pytest
import yaml

from tests.engine.engine import Engine
from tests.support.examples import TREE

HOSTS = 7


@pytest.fixture(scope="module")
def stack(engine: Engine) -> str:
    engine("stack", "init", "hl-lhc")
    return "hl-lhc"


def test_a_preview_needs_no_host(engine: Engine, stack: str) -> None:
    said = engine("preview", "--stack", stack).stdout
    assert re.search(r"\+ 86 to create", said), said
    assert "command:remote:Command mesh-uvic001.hl-lhc.io-grown" in said
    assert "error" not in said
    assert re.search(r"\| aglt2 +\| 1 direct +\| 8 direct +\| 2 direct +\|", said), said
    assert "Readme, with the requests to network groups: .stretched/hl-lhc/readme.md" in said
    whole = (engine.program / ".stretched/hl-lhc/readme.md").read_text(encoding="utf-8")
    assert "flowchart LR" in whole
    assert "Diagram: .stretched/hl-lhc/diagram.svg" in said
    assert "</svg>" in (engine.program / ".stretched/hl-lhc/diagram.svg").read_text(encoding="utf-8")
    assert (
        "| UDP 51820 at 192.41.231.216 | 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5 (mwt2); 206.12.98.227 (uvic) |"
        in whole
    )


def test_a_preview_says_where_services_enter(engine: Engine, stack: str, tmp_path: Path) -> None:
    text = yaml.safe_load((TREE / "Pulumi.hl-lhc.yaml").read_text(encoding="utf-8"))
    text["config"]["stretched:services"] = {"web": {"port": 443, "nodePort": 30443, "from": "public", "at": ["uvic"]}}
    file = tmp_path / "Pulumi.yaml"
    file.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    said = engine("preview", "--stack", stack, "--config-file", str(file)).stdout
    assert re.search(
        r"\| web +\| 206.12.98.227:443/tcp \| uvic001 +\| uvic +\| direct \| it runs at uvic, with", said
    ), said
    whole = (engine.program / ".stretched/hl-lhc/readme.md").read_text(encoding="utf-8")
    assert "    web: client -> uvic001 (206.12.98.227:443/tcp) -> uvic001:30443\n" in whole


def preview_with(engine: Engine, stack: str, tmp_path: Path, config: dict[str, object]) -> str:
    """Preview another configuration, which must be refused without a traceback."""
    file = tmp_path / "Pulumi.yaml"
    file.write_text(yaml.safe_dump({"config": config}, sort_keys=False), encoding="utf-8")
    done = engine("preview", "--stack", stack, "--config-file", str(file), check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert 'File "' not in done.stdout
    return done.stdout


def test_all_mistakes_are_shown_at_once_without_a_traceback(engine: Engine, stack: str, tmp_path: Path) -> None:
    config = yaml.safe_load((TREE / "Pulumi.hl-lhc.yaml").read_text(encoding="utf-8"))["config"]
    nodes = config["stretched:sites"]["aglt2"]["nodes"]
    nodes["umich001.hl-lhc.io"]["address"] = "192.168.0.7"
    del nodes["msu001.hl-lhc.io"]["institution"]
    config["stretched:sites"]["mwt2"]["nodes"]["uchicago004.hl-lhc.io"]["roles"] = ["control-plane"]
    config["stretched:kubernetes"]["podCidr"] = "10.0.0.0/99"
    said = preview_with(engine, stack, tmp_path, config)
    assert "4 mistakes in the configuration, nothing was changed on any host:" in said
    for path in (
        "umich001.hl-lhc.io.address",
        "msu001.hl-lhc.io.institution",
        "sites: 2 nodes have the role etcd",
        "kubernetes.podCidr",
    ):
        assert path in said, path


def test_names_that_nobody_knows_are_mistakes_too_where_pulumi_itself_passes_over_them(
    engine: Engine, stack: str, tmp_path: Path
) -> None:
    config = yaml.safe_load((TREE / "Pulumi.hl-lhc.yaml").read_text(encoding="utf-8"))["config"]
    config["stretched:client"] = {"ada": {}}
    config["stretched:mesh"]["mtuu"] = 1400
    said = preview_with(engine, stack, tmp_path, config)
    assert "2 mistakes in the configuration" in said
    assert "client: is not a known field; did you mean `clients`?" in said
    assert "mesh.mtuu: is not a known field; did you mean `mtu`?" in said


def test_a_key_that_is_written_twice_is_refused_by_pulumi_with_its_lines(
    engine: Engine, stack: str, tmp_path: Path
) -> None:
    text = (TREE / "Pulumi.hl-lhc.yaml").read_text(encoding="utf-8")
    node = "        uvic001.hl-lhc.io:\n"
    assert text.count(node) == 1
    file = tmp_path / "Pulumi.yaml"
    file.write_text(text.replace(node, f"{node}          address: 192.168.0.99\n{node}"), encoding="utf-8")
    done = engine("preview", "--stack", stack, "--config-file", str(file), check=False)
    assert done.returncode != 0
    assert 'mapping key "uvic001.hl-lhc.io" already defined at line' in done.stdout


def test_an_empty_configuration_says_what_to_write(engine: Engine, stack: str, tmp_path: Path) -> None:
    said = preview_with(engine, stack, tmp_path, {})
    for path in ("mesh.cidr: is missing", "kubernetes.version: is missing", "sites: is missing or empty"):
        assert path in said, path

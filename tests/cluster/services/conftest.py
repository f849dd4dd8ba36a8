"""The example cluster with services of all kinds that a cluster has, declared once for the tests of this directory."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.services import gateway
from tests.cluster.services.output import Told
from tests.lab.place import STACK, pulumi
from tests.support.examples import TREE

SERVICES: dict[str, dict[str, object]] = {
    "closed": {"port": 8080, "nodePort": 30080, "from": "public", "at": ["uvic"]},
    "opened": {"port": 8081, "nodePort": 30081, "from": "public", "at": ["mwt2"]},
    "names": {"port": 5353, "protocol": "udp", "nodePort": 30053, "from": "public", "at": ["mwt2"]},
}


@pytest.fixture(scope="package")
def declared(cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:  # noqa: ARG001
    """The stack has the services, and loses them afterwards; yields its output `services`."""
    config = yaml.safe_load((TREE / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8"))
    config["config"]["stretched:services"] = {**SERVICES, **gateway.services()}
    file = tmp_path_factory.mktemp("services") / f"Pulumi.{STACK}.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    pulumi("up", "--yes", "--skip-preview", "--config-file", str(file), "--stack", STACK)
    yield json.loads(pulumi("stack", "output", "services", "--json", "--stack", STACK).stdout)
    pulumi("up", "--yes", "--skip-preview", "--stack", STACK)

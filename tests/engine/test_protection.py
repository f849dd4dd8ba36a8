"""What a mesh stands on: kept from an older stack, protected from deletion, and rotated all the same."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.engine import Engine
from tests.support.examples import TREE

SEEDS = Path(__file__).parent / "seeds"
STACK = ("--stack", "seeds")


@pytest.fixture(scope="module")
def seeds(engine: Engine) -> Iterator[Engine]:
    environment = {**engine.environment, "PYTHONPATH": str(TREE)}
    made = dataclasses.replace(engine, program=SEEDS, environment=environment)
    made("stack", "init", "seeds")
    yield made
    (SEEDS / "Pulumi.seeds.yaml").unlink(missing_ok=True)


def configure(engine: Engine, **values: str) -> None:
    for name in ("former", "rotation", "protect"):
        engine("config", "rm", name, *STACK, check=False)
    for name, value in values.items():
        engine("config", "set", name, value, *STACK)


def up(engine: Engine, *words: str) -> str:
    return engine("up", "--yes", "--skip-preview", *words, *STACK).stdout


def resources(engine: Engine) -> dict[str, str]:
    """The URNs of the seeds in the state, and their results, which are secret."""
    exported = json.loads(engine("stack", "export", "--show-secrets", *STACK).stdout)
    kinds = exported["deployment"].get("resources", [])
    return {one["urn"]: one["outputs"]["result"]["plaintext"] for one in kinds if "RandomPassword" in one["type"]}


def test_the_life_of_the_deployers_key(seeds: Engine) -> None:
    configure(seeds, former="true")
    up(seeds)
    before = resources(seeds)

    configure(seeds)
    said = up(seeds)
    after = resources(seeds)
    assert [urn.rpartition("::")[2] for urn in after] == ["mesh-deployer-seed"], "it has the name of its mesh now"
    assert list(after.values()) == list(before.values()), "and is the same seed"
    assert "replaced" not in said
    assert "deleted" not in said

    refused = seeds("destroy", "--yes", "--skip-preview", *STACK, check=False)
    assert refused.returncode != 0
    assert "protect" in refused.stdout
    assert resources(seeds) == after
    refused = seeds("up", "--yes", "--skip-preview", "--replace", next(iter(after)), *STACK, check=False)
    assert refused.returncode != 0
    assert "protect" in refused.stdout
    assert resources(seeds) == after

    configure(seeds, rotation="2027-01")
    up(seeds)
    rotated = resources(seeds)
    assert list(rotated) == list(after)
    assert list(rotated.values()) != list(after.values())
    up(seeds, "--expect-no-changes")
    assert seeds("destroy", "--yes", "--skip-preview", *STACK, check=False).returncode != 0, "it is protected again"

    configure(seeds, rotation="2027-01", protect="false")
    up(seeds)
    seeds("destroy", "--yes", "--skip-preview", *STACK)
    assert resources(seeds) == {}

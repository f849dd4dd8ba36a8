"""The resource types that the program stands on, through a whole life: create, nothing, change, failure, destroy."""

import dataclasses
import json
from pathlib import Path

import pytest

from tests.engine.engine import Engine
from tests.plugins.bed import HOSTS, Bed

PROGRAM = Path(__file__).parent / "program"


@dataclasses.dataclass
class Life:
    """A stack of the small program on one real sshd."""

    engine: Engine
    directory: Path
    source: Path

    def set(self, **values: str) -> None:
        for name, value in values.items():
            self.engine("config", "set", name, value, "--stack", "life")

    def up(self, *, check: bool = True) -> str:
        return self.engine("up", "--yes", "--skip-preview", "--stack", "life", check=check).stdout

    def output(self, name: str) -> str:
        return self.engine("stack", "output", name, "--show-secrets", "--stack", "life").stdout.strip()


@pytest.fixture(scope="module")
def life(engine: Engine, bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Life:
    program = tmp_path_factory.mktemp("program")
    for file in PROGRAM.iterdir():
        if file.is_file():
            (program / file.name).write_bytes(file.read_bytes())
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    (source / "file").write_text("first\n", encoding="utf-8")
    prefix = ("ip", "netns", "exec", bed.namespace("operator"))
    made = Life(dataclasses.replace(engine, program=program, prefix=prefix), target, source)
    made.engine("stack", "init", "life")
    made.set(
        host=HOSTS[1], hostKey=bed.host_key(1), rotation="1", text="one", source=str(source), directory=str(target)
    )
    key = bed.directory / "id_ed25519"
    made.engine("config", "set", "--secret", "privateKey", "--stack", "life", stdin=key.read_text(encoding="utf-8"))
    return made


def test_a_life(life: Life) -> None:
    life.up()
    copied = life.directory / life.source.name / "file"
    assert copied.read_text(encoding="utf-8") == "first\n"
    seed = (life.directory / "secret").read_text(encoding="utf-8")
    assert len(seed) == 64
    assert seed == life.output("seed")
    assert life.output("said") == "one"
    exported = life.engine("stack", "export", "--stack", "life").stdout
    assert seed not in exported
    assert "PRIVATE KEY" not in exported

    assert "unchanged" in life.up().splitlines()[-4:][0] + life.up()
    assert "updated" not in life.up()

    (life.source / "file").write_text("second\n", encoding="utf-8")
    life.set(text="two")
    said = life.up()
    assert "replaced" not in said
    assert copied.read_text(encoding="utf-8") == "second\n"
    assert life.output("said") == "two"
    assert (life.directory / "secret").read_text(encoding="utf-8") == seed

    life.set(rotation="2")
    said = life.up()
    assert "1 replaced" in said
    assert "1 updated" in said
    assert (life.directory / "secret").read_text(encoding="utf-8") == life.output("seed") != seed


def test_a_wrong_host_key_is_said(life: Life, bed: Bed) -> None:
    life.set(hostKey=bed.host_key(2), text="three")
    said = life.up(check=False)
    assert "host key mismatch" in said
    assert "Traceback" not in said
    life.set(hostKey=bed.host_key(1), text="two")
    life.up()


def test_destroy_runs_what_takes_things_away(life: Life) -> None:
    life.up()
    life.engine("destroy", "--yes", "--skip-preview", "--stack", "life")
    assert not (life.directory / "secret").exists()
    state = json.loads(life.engine("stack", "export", "--stack", "life").stdout)
    assert "resources" not in state["deployment"] or len(state["deployment"]["resources"]) <= 1

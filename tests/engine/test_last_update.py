"""The state of the last run as the real engine hands it to the program: first run, secrets, a state that is broken."""

import dataclasses
import os
from pathlib import Path

import pytest

from tests.engine.engine import Engine
from tests.support.examples import TREE

SECRET = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def program(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    place = tmp_path_factory.mktemp("last_update")
    for file in (Path(__file__).parent / "last_update").iterdir():
        if file.is_file():
            (place / file.name).write_bytes(file.read_bytes())
    environment = {**engine.environment, "PYTHONPATH": os.pathsep.join([str(TREE), str(place)])}
    made = dataclasses.replace(engine, program=place, environment=environment)
    made("stack", "init", "last")
    made("config", "set", "--secret", "text", SECRET, "--stack", "last")
    return made


def state_file(program: Engine) -> Path:
    backend = Path(program.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    (found,) = (backend / ".pulumi/stacks").rglob("last.json")
    return found


def test_a_first_run_has_no_state_and_the_next_one_has_secrets_in_the_clear(program: Engine) -> None:
    assert "stdin as before: False; printed before: None" in program("preview", "--stack", "last").stdout
    assert (
        "stdin as before: False; printed before: None"
        in program("up", "--yes", "--skip-preview", "--stack", "last").stdout
    )
    said = program("preview", "--diff", "--stack", "last").stdout
    assert "stdin as before: True; printed before: done" in said
    assert SECRET not in said
    assert SECRET not in state_file(program).read_text(encoding="utf-8")


def test_a_state_that_cannot_be_read_ends_the_program_with_a_message(program: Engine) -> None:
    file = state_file(program)
    whole = file.read_bytes()
    program("config", "set", "breaks", str(file), "--stack", "last")
    said = program("preview", "--stack", "last", check=False)
    file.write_bytes(whole)
    program("config", "rm", "breaks", "--stack", "last")
    assert said.returncode != 0
    assert "the state of organization/last/last cannot be read (5 attempts): " in said.stdout
    assert "Traceback" not in said.stdout
    assert "to create" not in said.stdout

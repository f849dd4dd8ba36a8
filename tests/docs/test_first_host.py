"""The command by which an administrator runs the preflight without Pulumi is what Pulumi runs."""

import re
import shlex
import subprocess

from components.model.files.preflight_words import preflight_words
from components.model.plan import plan_of
from components.model.requirements import host_requirements
from components.remote import host_files
from tests.support.examples import TREE, example

PAGE = (TREE / "docs/first-host.md").read_text(encoding="utf-8")
WORKER = "uchicago005.hl-lhc.io"


def command() -> tuple[str, list[str]]:
    """Return what makes the script's text, and the words after `--`."""
    directory, line = re.findall(r"^    (cd .*)\n    (cat .*)$", PAGE, re.MULTILINE)[0]
    text, _, rest = line.partition(" | ")
    assert rest.startswith("ssh HOST sudo -n sh -s -- ")
    return f"{directory} && {text}", shlex.split(rest.partition(" -- ")[2])


def test_the_command_sends_the_script_that_pulumi_sends() -> None:
    done = subprocess.run(["sh", "-c", command()[0]], cwd=TREE, text=True, capture_output=True, check=True)
    assert done.stdout == host_files.preflight()


def test_its_words_are_those_of_a_worker_of_the_example() -> None:
    plan = plan_of(example())
    assert set(command()[1]) == set(preflight_words(host_requirements(plan, plan.spec.node(WORKER))))


def test_every_word_that_the_script_knows_is_in_the_table() -> None:
    script = (TREE / "components/hosts/scripts/node/preflight.sh").read_text(encoding="utf-8")
    known = set(re.findall(r"^        ([a-z0-9]+)=\*\)", script, re.MULTILINE)) - {"members"}
    assert len(known) > 10
    table = "\n".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))
    assert known == set(re.findall(r"`([a-z0-9]+)=", table))

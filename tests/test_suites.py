"""Each test is in one suite, and in one part of it. Looked at are the tests that this run of pytest collected, chosen or not."""

import re

import pytest

from tests import suites
from tests.suites import MARKS, SUITES, TREE, Part, words


def selects(part: Part, marks: set[str]) -> bool:
    """Tell whether pytest's `-m` selects a test with these marks for a part."""
    return bool(eval(part.marks, {name: name in marks for name in ("long", "alone")}))  # noqa: S307 - the text is ours


def test_every_test_is_in_one_part_of_one_suite(pytestconfig: pytest.Config) -> None:
    parts = [part for parts in SUITES.values() for part in parts]
    for test, marks in pytestconfig.stash[MARKS].items():
        assert [selects(part, marks) for part in parts].count(True) == 1, test


def test_what_needs_a_cluster_or_the_machine_for_itself_is_long(pytestconfig: pytest.Config) -> None:
    heavy = ("tests/cluster/", "tests/lifecycle/")
    found = {test for test, marks in pytestconfig.stash[MARKS].items() if test.startswith(heavy) or "alone" in marks}
    assert {test for test in found if "long" not in pytestconfig.stash[MARKS][test]} == set()


def test_one_file_that_makes_a_lab_is_short() -> None:
    makes = re.compile(r"^from tests\.lab\.(claim|mesh_lab|gateways|services_lab) import", re.MULTILINE)
    files = {file.name: file.read_text(encoding="utf-8") for file in (TREE / "tests/lab").glob("test_*.py")}
    assert {name for name, text in files.items() if makes.search(text) and "mark.long" not in text} == {
        "test_product.py"
    }


def test_the_table_in_contributing_has_every_test_in_the_column_of_its_suite(pytestconfig: pytest.Config) -> None:
    page = (TREE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = page.partition("| shown | by the short suite | by the long one |")[2].partition("\n\n")[0]
    rows = [line.split("|")[2:4] for line in table.splitlines()[2:]]
    short, long = (tuple(path for row in rows for path in re.findall(r"`(\S+)`", row[column])) for column in (0, 1))
    missing = {
        (test.partition("::")[0], "long" in marks)
        for test, marks in pytestconfig.stash[MARKS].items()
        if not any(test.startswith((f"{path}/", f"{path}::")) for path in (long if "long" in marks else short))
    }
    assert missing == set(), "files whose tests are in no row; True: long"


@pytest.mark.parametrize("only", ["every_test_is_in_one_part", "tests/test_suites.py", "tests/test_suites.py::words"])
def test_a_choice_is_a_path_or_a_part_of_a_name(only: str) -> None:
    (short,) = SUITES["short"]
    assert list(words(short, only))[-2:] == [("-k" if only.startswith("every") else "--no-loadscope-reorder"), only]


def test_a_choice_that_leaves_nothing_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    part = Part("nothing", "not long", 1)
    assert suites.run([part], "tests/test_suites.py::no_such_test") != 0
    assert suites.run([part], "no_such_test and neither_this") == suites.NONE_SELECTED
    assert "no test here is chosen by" in capsys.readouterr().err

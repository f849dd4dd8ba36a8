"""The walls of the house: what may not be where."""

import ast
from collections.abc import Iterator
from pathlib import Path

TREE = Path(__file__).parents[1]
MODEL = TREE / "components" / "model"


def imported(module: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports: modules, and names in modules."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import hides which room is meant"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_model_does_not_import_pulumi() -> None:
    modules = list(MODEL.rglob("*.py"))
    assert len(modules) > 10
    for module in modules:
        assert not [name for name in imported(module) if name.split(".")[0].startswith("pulumi")], module


def test_no_test_imports_from_another_one() -> None:
    """Helpers that tests share stand in tests/support, or in a module beside the tests of one folder."""
    wrong = [
        f"{module.relative_to(TREE)}: {name}"
        for module in (TREE / "tests").rglob("*.py")
        for name in imported(module)
        if name.startswith("tests.") and any(part.startswith("test_") or part == "conftest" for part in name.split("."))
    ]
    assert wrong == []

"""The walls of the house: what may not be where."""

import ast
from pathlib import Path

MODEL = Path(__file__).parents[1] / "components" / "model"


def test_the_model_does_not_import_pulumi() -> None:
    modules = list(MODEL.rglob("*.py"))
    assert len(modules) > 10
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0].startswith("pulumi")], module

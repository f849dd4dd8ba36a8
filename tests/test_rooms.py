"""The walls of the house: what may not be where. Each test lists all that breaks its rule."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

TREE = Path(__file__).parents[1]
HOUSE = TREE / "components"
MODULES = sorted(HOUSE.rglob("*.py"))

FLOORS = (
    ("model.problems", "model.values"),
    ("model.spec", "model.convergence"),
    ("model.mesh",),
    ("model.services",),
    ("model.cluster",),
    ("model.plan",),
    ("model.firewall",),
    ("model.requirements",),
    ("model.overview",),
    ("model.files", "model.report", "model.read", "model.check"),
    ("model.configuration",),
    ("remote",),
    ("mesh",),
    ("cluster",),
    ("program",),
)
"""Rooms by floor, the lowest first: a room imports from itself and from lower floors, not from its neighbours."""
DECISIONS = (
    "model.mesh",
    "model.services",
    "model.cluster",
    "model.firewall",
    "model.plan",
    "model.requirements",
    "model.overview",
)
TEXTS = ("model.files", "model.report")
ON_HOSTS: dict[str, tuple[str, ...]] = {
    "model.problems": (),
    "model.convergence": ("model.problems",),
    "hosts.deployer": ("model.convergence", "model.problems"),
    "hosts.paths": (),
    "hosts.scripts": (),
}
"""What runs on hosts, and what it may import besides the standard library."""
CALLBACK = "hosts.deployer.callback"
"""A plug-in of Ansible, which may import ansible."""
BY_SECTION = ("model/spec", "model/read", "model/check", "mesh", "cluster")
"""Folders whose modules are named by the section of the configuration, or by the component: these share names."""


def imported(module: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports: modules, and names in modules."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import hides which room is meant"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def refuse(wrong: Iterable[str]) -> None:
    """Fail with all that breaks a rule, a line each."""
    lines = sorted(wrong)
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


def name_of(module: Path) -> str:
    """Return the dotted name of a module below components/, without `components`."""
    parts = module.relative_to(HOUSE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(module) for module in MODULES}


def inside(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def own_imports(module: Path) -> Iterator[tuple[str, str]]:
    """Yield what a module imports from components/: the module that it is in, and the name, empty for a module."""
    for name in imported(module):
        if inside(name, "components"):
            target = name.removeprefix("components").removeprefix(".")
            yield (target, "") if target in NAMES else (target.rpartition(".")[0], target.rpartition(".")[2])


def floor_of(name: str) -> int | None:
    """Return the floor of a module; None for what is only on hosts and for packages that hold rooms only."""
    return next((number for number, rooms in enumerate(FLOORS) if any(inside(name, room) for room in rooms)), None)


def room_of(name: str) -> str:
    return next(room for rooms in FLOORS for room in rooms if inside(name, room))


def test_the_model_does_not_import_pulumi() -> None:
    modules = [module for module in MODULES if inside(name_of(module), "model")]
    assert len(modules) > 10
    for module in modules:
        assert not [name for name in imported(module) if name.split(".")[0].startswith("pulumi")], module


def test_every_module_is_in_a_room() -> None:
    without = {name for name in NAMES if floor_of(name) is None and not any(inside(name, room) for room in ON_HOSTS)}
    refuse(without - {"", "model", "hosts"})


def test_imports_lead_down_only() -> None:
    wrong = [
        f"{name_of(module)} imports {target}"
        for module in MODULES
        for target, _ in own_imports(module)
        if (mine := floor_of(name_of(module))) is not None and (theirs := floor_of(target)) is not None
        if theirs >= mine and room_of(name_of(module)) != room_of(target)
    ]
    refuse(wrong)


def _importers(links: dict[str, set[str]], name: str) -> list[str]:
    return [other for other, targets in links.items() if name in targets]


def test_no_imports_go_in_a_circle() -> None:
    links: dict[str, set[str]] = defaultdict(set)
    for module in MODULES:
        links[name_of(module)] |= {target for target, _ in own_imports(module)} - {name_of(module)}
    while ends := [name for name in links if not links[name] & links.keys() or not _importers(links, name)]:
        for name in ends:
            del links[name]
    refuse(f"{name} imports {', '.join(sorted(targets & links.keys()))}" for name, targets in links.items())


@pytest.mark.parametrize("room", ON_HOSTS)
def test_what_runs_on_hosts_needs_the_standard_library_only(room: str) -> None:
    wrong = []
    for module in MODULES:
        name = name_of(module)
        for target in imported(module) if inside(name, room) else ():
            top = target.split(".")[0]
            known = top in sys.stdlib_module_names or (top == "ansible" and inside(name, CALLBACK))
            allowed = any(inside(target, f"components.{other}") for other in (room, *ON_HOSTS[room]))
            if not known and not allowed:
                wrong.append(f"{name} imports {target}")
    refuse(wrong)


def test_texts_take_types_and_constants_from_decisions_and_no_functions() -> None:
    wrong = [
        f"{name_of(module)} imports {target}.{name}"
        for module in MODULES
        for target, name in own_imports(module)
        if any(inside(name_of(module), room) for room in TEXTS)
        and any(inside(target, room) for room in DECISIONS)
        and not name[:1].isupper()
    ]
    refuse(wrong)


def test_no_two_modules_of_one_name_are_about_different_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        if not module.stem.startswith("__"):
            places[module.stem].append(str(module.relative_to(HOUSE)))
    refuse(
        f"{name}: {', '.join(found)}"
        for name, found in places.items()
        if len(found) > 1 and {str(Path(one).parent) for one in found} - set(BY_SECTION)
    )


def test_no_module_is_long() -> None:
    lengths = {module: len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    refuse(f"{module.relative_to(TREE)}: {length} lines" for module, length in lengths.items() if length > 250)


def test_no_test_imports_from_another_one() -> None:
    """Helpers that tests share stand in tests/support, or in a module beside the tests of one folder."""
    test = re.compile(r"\.(test_\w*|conftest)\b")
    wrong = [
        f"{module.relative_to(TREE)}: {name}"
        for module in (TREE / "tests").rglob("*.py")
        for name in imported(module)
        if inside(name, "tests") and test.search(name)
    ]
    refuse(wrong)

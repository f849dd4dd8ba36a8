"""What is rendered for upload: never changed once it is there, swept when nobody uses it, the same on every machine."""

import os
import time
from pathlib import Path

import pytest

from components.remote import uploads
from components.remote.bundles import Bundle, bundle, unbundled
from tests.support.examples import configuration, with_workers
from tests.support.program import Registered, run_program
from tests.support.registered import COPY

NODE = "uvic001.hl-lhc.io"


def sources(resources: dict[str, Registered], place: Path) -> dict[str, Path]:
    """The directories that are uploaded, by resource."""
    found = {}
    for resource in resources.values():
        if resource.type == COPY:
            source = resource.inputs["source"]
            assert isinstance(source, dict)
            found[resource.name] = place / str(source["path"])
    return found


def contents(directory: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_ino, path.read_bytes()) for path in directory.rglob("*") if path.is_file()}


def test_a_preview_of_something_else_touches_nothing_that_a_run_beside_it_uploads(tmp_path: Path) -> None:
    running = sources(run_program(configuration(), tmp_path), tmp_path)
    before = {name: contents(directory) for name, directory in running.items()}
    assert all(before.values())
    other = sources(run_program(with_workers(3), tmp_path), tmp_path)
    assert running[f"mesh-{NODE}-files"] != other[f"mesh-{NODE}-files"]
    assert {name: contents(directory) for name, directory in running.items()} == before


def test_the_same_content_has_the_same_place_and_is_not_written_again(tmp_path: Path) -> None:
    one = sources(run_program(configuration(), tmp_path), tmp_path)
    before = {name: contents(directory) for name, directory in one.items()}
    assert sources(run_program(configuration(), tmp_path), tmp_path) == one
    assert {name: contents(directory) for name, directory in one.items()} == before


def test_what_arrives_lies_below_the_name_of_its_node(tmp_path: Path) -> None:
    found = sources(run_program(configuration(), tmp_path), tmp_path)[f"mesh-{NODE}-files"]
    assert found.name == "nodes", "the directory's own name is that on the host"
    (only,) = (path for path in found.rglob("*") if path.is_file())
    assert only.relative_to(found).parts[:2] == (NODE, "node")
    assert "prepare.sh" in unbundled(only.read_bytes())


def one(text: str) -> tuple[Bundle, ...]:
    return (bundle("node", {"a": text.encode()}),)


def test_only_what_nobody_has_used_for_long_is_swept(tmp_path: Path) -> None:
    old, used, new = (uploads.directory(tmp_path, one(text), "n") for text in ("old", "used", "new"))
    for stale in (old, used):
        os.utime(stale.parent, (0, time.time() - uploads.KEPT - 60))
    first_layout = tmp_path / "nodes/n/node"
    first_layout.mkdir(parents=True)
    assert uploads.directory(tmp_path, one("used"), "n") == used, "its use is noted before anything is swept"
    assert [path.exists() for path in (old, used, new, first_layout)] == [False, True, True, True]
    os.utime(tmp_path / "nodes", (0, time.time() - uploads.KEPT - 60))
    uploads.directory(tmp_path, one("used"), "n")
    assert not first_layout.exists()


def test_what_could_not_be_written_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        del content
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            uploads.directory(tmp_path, one("x"), "n")
    again = uploads.directory(tmp_path, one("x"), "n")
    assert [path.read_bytes() for path in again.rglob("*") if path.is_file()] == [b"1 a\nx"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a b", "a\nb", "-x", "", "é"])
def test_a_name_that_a_host_could_misread_is_none_for_a_bundle(name: str) -> None:
    with pytest.raises(ValueError, match="no name for a file"):
        bundle("node", {name: b""})


def test_the_first_command_is_one_line_and_no_long_one(tmp_path: Path) -> None:
    """The state has it twice, for every node."""
    line = str(run_program(configuration(), tmp_path)[f"command:remote:Command mesh-{NODE}-prepared"].inputs["create"])
    assert "\n" not in line
    assert len(line) < 700

"""Directories for upload: they never change, and they are removed when they have not been used for long."""

import os
import time
from pathlib import Path

import pytest

from components.remote import uploads
from components.remote.bundles import Bundle, bundle, unbundled
from tests.support.examples import changed, configuration, example, host_key, with_workers
from tests.support.program import Registered, run_program
from tests.support.registered import COPY

NODE = "uvic001.hl-lhc.io"


def sources(resources: dict[str, Registered], place: Path) -> dict[str, Path]:
    """Return the uploaded directories by resource name."""
    directories = {}
    for resource in resources.values():
        if resource.type == COPY:
            source = resource.inputs["source"]
            assert isinstance(source, dict)
            directories[resource.name] = place / str(source["path"])
    return directories


def contents(directory: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_ino, path.read_bytes()) for path in directory.rglob("*") if path.is_file()}


def test_a_preview_of_another_configuration_changes_no_file_that_a_simultaneous_run_uploads(tmp_path: Path) -> None:
    running = sources(run_program(configuration(), tmp_path), tmp_path)
    before = {name: contents(directory) for name, directory in running.items()}
    assert all(before.values())
    other = sources(run_program(with_workers(3), tmp_path), tmp_path)
    assert running[f"mesh-{NODE}-files"] != other[f"mesh-{NODE}-files"]
    assert {name: contents(directory) for name, directory in running.items()} == before


def test_the_same_content_has_the_same_path_and_is_not_written_again(tmp_path: Path) -> None:
    first = sources(run_program(configuration(), tmp_path), tmp_path)
    before = {name: contents(directory) for name, directory in first.items()}
    assert sources(run_program(configuration(), tmp_path), tmp_path) == first
    assert {name: contents(directory) for name, directory in first.items()} == before


def test_uploaded_files_are_below_the_name_of_their_node(tmp_path: Path) -> None:
    nodes = sources(run_program(configuration(), tmp_path), tmp_path)[f"mesh-{NODE}-files"]
    assert nodes.name == "nodes", "the uploaded directory keeps its name on the host"
    (only,) = (path for path in nodes.rglob("*") if path.is_file())
    assert only.relative_to(nodes).parts[:2] == (NODE, "node")
    assert "prepare.sh" in unbundled(only.read_bytes())


def bundle_of(text: str) -> tuple[Bundle, ...]:
    return (bundle("node", {"a": text.encode()}),)


def test_only_directories_that_were_not_used_for_long_are_removed(tmp_path: Path) -> None:
    old, used, new = (uploads.directory(tmp_path, bundle_of(text), "n") for text in ("old", "used", "new"))
    for stale in (old, used):
        os.utime(stale.parent, (0, time.time() - uploads.KEPT - 60))
    first_layout = tmp_path / "nodes/n/node"
    first_layout.mkdir(parents=True)
    assert uploads.directory(tmp_path, bundle_of("used"), "n") == used, (
        "using a directory renews it before old ones are removed"
    )
    assert [path.exists() for path in (old, used, new, first_layout)] == [False, True, True, True]
    os.utime(tmp_path / "nodes", (0, time.time() - uploads.KEPT - 60))
    uploads.directory(tmp_path, bundle_of("used"), "n")
    assert not first_layout.exists()


def test_a_directory_that_could_not_be_written_completely_does_not_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        del content
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            uploads.directory(tmp_path, bundle_of("x"), "n")
    again = uploads.directory(tmp_path, bundle_of("x"), "n")
    assert [path.read_bytes() for path in again.rglob("*") if path.is_file()] == [b"1 a\nx"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a b", "a\nb", "-x", "", "é"])
def test_a_name_that_a_host_could_misread_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        bundle("node", {name: b""})


def test_the_first_command_is_one_short_line(tmp_path: Path) -> None:
    """The stack's state holds it twice for every node."""
    line = str(run_program(configuration(), tmp_path)[f"command:remote:Command mesh-{NODE}-prepared"].inputs["create"])
    assert "\n" not in line
    assert len(line) < 700


NODE_PATH = f"sites/uvic/nodes/{NODE}/ssh"


@pytest.mark.parametrize(
    "ssh",
    [
        {"hostKey": host_key("reinstalled")},
        {"host": "192.0.2.99"},
        {"port": 2222},
        {"user": "admin"},
        {"bastion": {"host": "192.0.2.98", "hostKey": host_key("bastion")}},
    ],
)
def test_another_machine_or_another_home_gets_all_files(tmp_path: Path, ssh: dict[str, object]) -> None:
    def triggers(config: dict[str, object]) -> list[object]:
        resources = run_program(config, tmp_path)
        return [resources[f"{COPY} mesh-{node}-files"].inputs["triggers"] for node in (NODE, "umich001.hl-lhc.io")]

    own, of_another = triggers(configuration())
    written = {"hostKey": example().node(NODE).ssh.host_key, **ssh}
    same = triggers(changed(NODE_PATH, {"hostKey": written["hostKey"]} if "hostKey" not in ssh else {}))
    assert same == [own, of_another]
    changed_own, unchanged = triggers(changed(NODE_PATH, written))
    assert changed_own != own
    assert unchanged == of_another

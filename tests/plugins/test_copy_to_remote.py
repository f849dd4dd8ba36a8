"""remote.CopyToRemote: where files end up, with which modes, and what is not done."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.plugins.forms import COPY, archive, asset, check, create, delete, secret, update

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.bed import Bed
    from tests.plugins.client import Answer, PluginClient
    from tests.plugins.forms import Json


def copy(command: PluginClient, bed: Bed, source: Json, path: Path | str) -> Answer:
    return command.call(
        "Create", create(COPY, {"connection": secret(bed.connection()), "source": source, "remotePath": str(path)})
    )


def tree(top: Path) -> dict[str, str]:
    """Relative path -> mode and content of each file, mode of each directory."""
    found = {}
    for path in sorted(top.rglob("*")):
        content = path.read_text() if path.is_file() else "/"
        found[path.relative_to(top).as_posix()] = f"{path.stat().st_mode & 0o7777:o} {content}"
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A directory with a script, a link to a file and an empty directory."""
    top = tmp_path / "source"
    (top / "deep" / "empty").mkdir(parents=True)
    (top / "deep" / "script.sh").write_text("#!/bin/sh")
    (top / "deep" / "script.sh").chmod(0o755)
    (top / "plain").write_text("text")
    (top / "plain").chmod(0o600)
    (top / "link").symlink_to("plain")
    return top


INSIDE = {
    "deep": "755 /",
    "deep/empty": "755 /",
    "deep/script.sh": "644 #!/bin/sh",
    "link": "644 text",
    "plain": "644 text",
}


def test_a_text_makes_a_file_and_its_directories(command: PluginClient, bed: Bed, remote: Path) -> None:
    outputs = copy(command, bed, asset(text="hé\n"), remote / "a" / "b").properties
    assert tree(remote) == {"a": "755 /", "a/b": "644 hé\n"}
    assert outputs["source"] == asset(text="hé\n", path="", uri="")


def test_a_file_goes_to_the_path_or_into_the_directory(
    command: PluginClient, bed: Bed, remote: Path, source: Path
) -> None:
    copy(command, bed, asset(path=str(source / "plain")), remote / "new" / "name")
    copy(command, bed, asset(path=str(source / "deep" / "script.sh")), remote / "new")
    copy(command, bed, asset(path=str(source / "deep" / "script.sh")), remote / "new" / "name")
    assert tree(remote) == {"new": "755 /", "new/name": "644 #!/bin/sh", "new/script.sh": "644 #!/bin/sh"}


def test_a_directory_goes_under_its_own_name(command: PluginClient, bed: Bed, remote: Path, source: Path) -> None:
    for _ in range(2):  # the second time into what is there
        assert not copy(command, bed, archive(str(source)), remote / "to" / "it").errors
    assert tree(remote / "to" / "it" / "source") == INSIDE


@pytest.mark.parametrize("exists", [False, True])
def test_with_a_slash_only_the_content_goes(
    command: PluginClient, bed: Bed, remote: Path, source: Path, *, exists: bool
) -> None:
    if exists:
        (remote / "to").mkdir()
    assert not copy(command, bed, archive(f"{source}/"), remote / "to").errors
    assert tree(remote / "to") == INSIDE


def test_a_file_in_the_way_of_a_directory_is_an_error(
    command: PluginClient, bed: Bed, remote: Path, source: Path
) -> None:
    (remote / "file").write_text("here first")
    assert copy(command, bed, archive(str(source)), remote / "file").errors
    assert copy(command, bed, archive(f"{source}/"), remote / "file").errors
    assert tree(remote) == {"file": "644 here first"}


def test_a_text_does_not_go_into_a_directory(command: PluginClient, bed: Bed, remote: Path) -> None:
    assert f"remote path {remote} is a directory" in copy(command, bed, asset(text="x"), remote).errors[0]


def test_a_missing_source_is_named(command: PluginClient, bed: Bed, remote: Path) -> None:
    answer = copy(command, bed, asset(path="/no/such"), remote / "x")
    assert answer.errors[0].endswith("open /no/such: no such file or directory")


def test_a_server_without_sftp_is_an_error(command: PluginClient, bed: Bed) -> None:
    inputs = {"connection": secret(bed.connection(2)), "source": asset(text="x"), "remotePath": "/x"}
    assert command.call("Create", create(COPY, inputs)).errors[0].endswith("ssh: subsystem request failed")


def test_only_a_new_content_or_path_is_copied(command: PluginClient, bed: Bed, remote: Path) -> None:
    state = {"connection": secret(bed.connection()), "source": asset(), "remotePath": f"{remote}/x"}
    same = state | {"source": asset(text="same hash"), "connection": secret(bed.connection(user="root", port=22))}
    assert not command.call("Update", update(COPY, state, same)).errors
    assert tree(remote) == {}
    command.call("Update", update(COPY, state, state | {"source": asset(text="new") | {"hash": "g"}}))
    command.call("Update", update(COPY, state, state | {"source": asset(text="moved"), "remotePath": f"{remote}/y"}))
    assert tree(remote) == {"x": "644 new", "y": "644 moved"}


def test_delete_leaves_the_file(command: PluginClient, bed: Bed, remote: Path) -> None:
    outputs = copy(command, bed, asset(text="x"), remote / "x").properties
    assert not command.call("Delete", delete(COPY, outputs)).errors
    assert (remote / "x").exists()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (asset(uri="http://host/file"), "asset must be a path-based file asset or a text asset"),
        (archive("") | {"assets": {}}, "archive must be a path to a file or directory"),
    ],
)
def test_what_cannot_be_copied_is_refused_at_the_check(
    command: PluginClient, bed: Bed, source: Json, reason: str
) -> None:
    inputs = {"connection": secret(bed.connection()), "source": source, "remotePath": "/x"}
    failures = command.call("Check", check(COPY, inputs)).response["failures"]
    assert [failure["reason"] for failure in failures] == [reason]


def test_paths_are_those_of_the_program(command: PluginClient, bed: Bed, remote: Path) -> None:
    """The engine starts plug-ins in the program's directory, and so do these tests: in the tree."""
    copy(command, bed, asset(path="LICENSE"), remote / "licence")
    assert os.path.getsize(remote / "licence") == os.path.getsize("LICENSE")  # noqa: PTH202 - short

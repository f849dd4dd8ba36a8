"""The lab's plug-ins as processes: how they start, say what they are, are cancelled and end."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.plugins.bed import TREE
from tests.plugins.executables import LAB
from tests.plugins.forms import LOCAL, REMOTE, create, secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.plugins.bed import Bed
    from tests.plugins.client import PluginClient

NAMES = ["command", "random"]


def wait_until(condition: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def gone(pid: int) -> bool:
    """A zombie is gone too: only its parent has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("name", NAMES)
def test_a_plug_in_starts_anywhere_by_a_link_and_prints_its_port(name: str, tmp_path: Path) -> None:
    link = tmp_path / f"pulumi-resource-{name}"
    link.symlink_to(LAB / link.name)
    (tmp_path / "random.py").write_text("raise SystemExit('a module of the working directory was imported')")
    with subprocess.Popen(
        [link, "-v=3", "--tracing", "x", "127.0.0.1:1"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as plugin:
        assert plugin.stdout is not None
        assert 1024 < int(plugin.stdout.readline()) < 65536
        plugin.terminate()
        assert plugin.wait(30) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_plug_in_says_once_that_it_is_not_the_official_one(name: str, bed: Bed) -> None:
    client = bed.plugin(LAB / f"pulumi-resource-{name}")
    client.call("Configure", {"args": {}})
    client.close()
    (log,) = client.logs
    assert log["severity"] == "INFO"
    assert not log["ephemeral"]
    assert "air-gapped lab's plug-in" in log["message"]
    assert "not the official one" in log["message"]


@pytest.mark.parametrize("name", NAMES)
def test_a_plug_in_answers_for_the_version_of_its_sdk(name: str, bed: Bed) -> None:
    """An older version would make the engine warn, at every run, of a wrong plug-in on PATH."""
    client = bed.plugin(LAB / f"pulumi-resource-{name}")
    version = client.call("GetPluginInfo", {}).response["version"]
    client.close()
    assert f"pulumi-{name}=={version}\n" in (TREE / "requirements.txt").read_text()


def start_waiting(own: PluginClient, bed: Bed, remote: Path) -> tuple[int, list[object]]:
    """Starts a command on host 1 that waits with a child; returns the shell's pid and the pending call.

    It writes when there is a file `write`, and notes whether it could.
    """
    script = (
        f"trap '' PIPE; echo $$ > {remote}/pid.new; mv {remote}/pid.new {remote}/pid; "
        f"until [ -e {remote}/write ]; do sleep 0.1; done; echo more && touch {remote}/heard || touch {remote}/unheard"
    )
    pending = own.start("Create", create(REMOTE, {"connection": secret(bed.connection()), "create": script}))
    wait_until((remote / "pid").exists)
    return int((remote / "pid").read_text()), [pending]


def goes_on_unheard(pid: int, remote: Path) -> None:
    """Check that the command on the host was not ended, and that nobody reads its output."""
    assert not gone(pid)
    (remote / "write").touch()
    wait_until(lambda: gone(pid))
    assert (remote / "unheard").exists()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_cancel_closes_the_connection_and_leaves_the_command_on_its_host(
    own: PluginClient, bed: Bed, remote: Path
) -> None:
    pid, (pending,) = start_waiting(own, bed, remote)
    own.call("Cancel", {})
    assert pending.result(300).errors == ("rpc error: code = Unknown desc = cancelled",)  # type: ignore[attr-defined]
    goes_on_unheard(pid, remote)


def test_cancel_ends_local_commands_with_their_children(own: PluginClient, remote: Path) -> None:
    script = f"sleep 1000 & echo $$ > {remote}/pid.new; mv {remote}/pid.new {remote}/pid; wait"
    pending = own.start("Create", create(LOCAL, {"create": script}))
    wait_until((remote / "pid").exists)
    pid = int((remote / "pid").read_text())
    (child,) = children(pid)
    own.call("Cancel", {})
    assert pending.result(300).errors == ("rpc error: code = Unknown desc = cancelled",)
    wait_until(lambda: gone(pid) and gone(child))


def test_nothing_starts_after_cancel(own: PluginClient, remote: Path) -> None:
    own.call("Cancel", {})
    answer = own.call("Create", create(LOCAL, {"create": f"touch {remote}/ran"}))
    assert answer.errors == ("rpc error: code = Unknown desc = cancelled",)
    assert not (remote / "ran").exists()


def test_a_custom_timeout_ends_the_call(own: PluginClient, bed: Bed, remote: Path) -> None:
    script = f"until [ -e {remote}/write ]; do sleep 0.1; done"
    request = create(REMOTE, {"connection": secret(bed.connection()), "create": script}, timeout=3)
    assert own.call("Create", request).errors == ("rpc error: code = Unknown desc = timed out after 3 s",)
    (remote / "write").touch()


def test_a_killed_engine_takes_the_plug_in_along_and_leaves_the_command_on_its_host(
    own: PluginClient, bed: Bed, remote: Path
) -> None:
    pid, _ = start_waiting(own, bed, remote)
    own.abandon()
    wait_until(lambda: gone(own.pid), seconds=600)
    goes_on_unheard(pid, remote)


def test_the_wrapper_says_what_to_do_without_a_virtual_environment(tmp_path: Path) -> None:
    wrapper = tmp_path / "lab" / "plugins" / "bin" / "pulumi-resource-random"
    wrapper.parent.mkdir(parents=True)
    wrapper.write_bytes((LAB / wrapper.name).read_bytes())
    wrapper.chmod(0o755)
    result = subprocess.run([wrapper], check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "no virtual environment at" in result.stderr
    assert os.access(LAB / wrapper.name, os.X_OK)

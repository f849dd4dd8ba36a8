"""remote.Command beyond the recordings: the lab's plug-in and, where there is one, the official one."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.forms import REMOTE, create, delete, secret, update

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.bed import Bed
    from tests.plugins.client import Answer, PluginClient


def run(command: PluginClient, bed: Bed, script: str, host: int = 1, **inputs: Any) -> Answer:
    connection = inputs.pop("connection", None) or bed.connection(host)
    command.logs.clear()
    return command.call("Create", create(REMOTE, {"connection": secret(connection), "create": script, **inputs}))


def printed(command: PluginClient) -> list[str]:
    return [log["message"] for log in command.logs if log["ephemeral"]]


def test_a_signal_is_named_in_the_error(command: PluginClient, bed: Bed) -> None:
    answer = run(command, bed, "kill -TERM $$")
    assert answer.errors == (
        'rpc error: code = Unknown desc = Process exited with status 143 from signal TERM: running "kill -TERM $$":\n',
    )


def test_a_failing_command_is_quoted_on_one_line(command: PluginClient, bed: Bed) -> None:
    answer = run(command, bed, 'printf "a\tb"\n# é "quoted" \\ \x01\nexit 4')
    expected = r'Process exited with status 4: running "printf \"a\tb\"\n# é \"quoted\" \\ \x01\nexit 4":'
    assert answer.errors[0].partition("desc = ")[2] == f"{expected}\na\tb"


@pytest.mark.parametrize(
    ("script", "stdout"),
    [("printf 'a\\n\\n'", "a\n"), ("printf 'a\\r\\n'", "a\r"), ("printf '\\303\\251'", "é"), ("", ""), ("echo", "")],
)
def test_one_line_feed_at_the_end_is_no_output(command: PluginClient, bed: Bed, script: str, stdout: str) -> None:
    assert run(command, bed, script).properties["stdout"] == stdout


@pytest.mark.parametrize(
    ("logging", "lines"),
    [
        ("stdout", ["out"]),
        ("stderr", ["err"]),
        ("stdoutAndStderr", ["err", "out"]),
        ("none", []),
        (None, ["err", "out"]),
    ],
)
def test_logging_decides_what_is_shown_and_not_what_is_kept(
    command: PluginClient, bed: Bed, logging: str | None, lines: list[str]
) -> None:
    inputs: dict[str, Any] = {} if logging is None else {"logging": logging}
    outputs = run(command, bed, "echo out; echo err >&2", **inputs).properties
    assert (outputs["stdout"], outputs["stderr"]) == ("out", "err")
    assert sorted(printed(command)) == lines
    assert all(log["urn"].endswith("::it") and log["severity"] == "INFO" for log in command.logs)


def test_a_long_output_comes_back_whole(command: PluginClient, bed: Bed) -> None:
    outputs = run(command, bed, "seq 1 300000; seq 1 300000 >&2", logging="none").properties
    expected = "\n".join(map(str, range(1, 300001)))
    assert outputs["stdout"] == expected
    assert outputs["stderr"] == expected


def test_a_long_secret_stdin_arrives_and_is_not_logged(command: PluginClient, bed: Bed) -> None:
    outputs = run(command, bed, "md5sum; wc -c", stdin=secret("geheim" * 500000)).properties
    digest = subprocess.run(["md5sum"], input=b"geheim" * 500000, capture_output=True, check=True).stdout.decode()
    assert outputs["stdout"].splitlines() == [digest.strip(), "0"]
    assert outputs["stdin"] == secret("geheim" * 500000)
    assert "geheim" not in str(command.logs)


@pytest.mark.parametrize("size", [1, 3_000_000])
def test_a_command_need_not_read_its_stdin(own: PluginClient, bed: Bed, size: int) -> None:
    """The official plug-in fails here when much is left unread."""
    inputs = {"connection": secret(bed.connection()), "create": "true", "stdin": secret("x" * size)}
    running = [own.start("Create", create(REMOTE, inputs)) for _ in range(10)]
    assert [future.result(600).errors for future in running] == [()] * 10


def test_an_environment_that_the_server_accepts_is_set(command: PluginClient, bed: Bed) -> None:
    outputs = run(command, bed, 'echo "$BED_A|$BED_B"', environment={"BED_A": "x y", "BED_B": secret("é")}).properties
    assert outputs["stdout"] == "x y|é"


def test_a_command_does_not_run_without_its_environment(command: PluginClient, bed: Bed, remote: Path) -> None:
    answer = run(command, bed, f"touch {remote}/ran", environment={"FOO": "bar"})
    assert 'could not set environment variable "FOO": ssh: setenv failed' in answer.errors[0]
    assert [log["severity"] for log in command.logs] == ["ERROR"]
    assert not (remote / "ran").exists()


def test_a_previous_output_that_the_server_refuses_is_only_a_warning(command: PluginClient, bed: Bed) -> None:
    new = {"connection": secret(bed.connection(2)), "create": "echo [$PULUMI_COMMAND_STDOUT]"}
    command.logs.clear()
    answer = command.call("Update", update(REMOTE, new | {"stdout": "before", "stderr": "too"}, new))
    assert answer.properties["stdout"] == "[]"
    warnings = [log["message"] for log in command.logs if log["severity"] == "WARNING"]
    assert [text.partition(".")[0] for text in warnings] == [
        "Unable to set 'PULUMI_COMMAND_STDOUT'",
        "Unable to set 'PULUMI_COMMAND_STDERR'",
    ]


def test_an_update_sees_the_previous_output(command: PluginClient, bed: Bed) -> None:
    old = {"connection": secret(bed.connection()), "create": "true", "stdout": secret("so"), "stderr": "se"}
    new = {**old, "update": "echo $PULUMI_COMMAND_STDOUT-$PULUMI_COMMAND_STDERR"}
    answer = command.call("Update", update(REMOTE, old, {k: v for k, v in new.items() if not k.startswith("std")}))
    assert answer.properties["stdout"] == "so-se"


def test_an_update_without_a_command_keeps_the_outputs(command: PluginClient, bed: Bed) -> None:
    old = {"connection": secret(bed.connection()), "stdout": "a", "stderr": "b"}
    answer = command.call("Update", update(REMOTE, old, {"connection": secret(bed.connection()), "delete": "true"}))
    assert (answer.properties["stdout"], answer.properties["stderr"]) == ("a", "b")


def test_a_delete_sees_environment_previous_output_and_stdin(command: PluginClient, bed: Bed, remote: Path) -> None:
    state = {
        "connection": secret(bed.connection()),
        "delete": f'echo "$BED_A $PULUMI_COMMAND_STDOUT $(cat)" > {remote}/left',
        "environment": {"BED_A": "a"},
        "stdin": secret("c"),
        "stdout": "b",
        "stderr": "",
    }
    assert not command.call("Delete", delete(REMOTE, state)).errors
    assert (remote / "left").read_text() == "a b c\n"


def test_a_delete_without_a_command_reaches_no_host(command: PluginClient, bed: Bed) -> None:
    state = {"connection": secret(bed.connection(port=9)), "create": "true", "stdout": "", "stderr": ""}
    assert not command.call("Delete", delete(REMOTE, state)).errors


def test_a_preview_reaches_no_host(command: PluginClient, bed: Bed) -> None:
    inputs = {"connection": secret(bed.connection(port=9)), "create": "true"}
    outputs = command.call("Create", create(REMOTE, inputs, preview=True)).properties
    assert outputs["stdout"] == outputs["stderr"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert outputs["connection"] == inputs["connection"]


def test_a_refused_port_is_tried_as_often_as_the_limit_says(command: PluginClient, bed: Bed) -> None:
    answer = run(command, bed, "true", connection=bed.connection(port=9, dialErrorLimit=2))
    assert answer.errors[0].endswith("after 2 failed attempts: dial tcp 192.0.2.1:9: connect: connection refused")
    assert printed(command) == ["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]


def test_a_key_that_the_server_does_not_know_is_named_as_the_cause(command: PluginClient, bed: Bed) -> None:
    answer = run(command, bed, "true", connection=bed.connection(privateKey=bed.key("host_key_1"), dialErrorLimit=0))
    assert answer.errors[0].endswith(
        "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], "
        "no supported methods remain"
    )


def test_without_a_host_key_any_server_is_taken(command: PluginClient, bed: Bed) -> None:
    connection = {key: value for key, value in bed.connection().items() if key != "hostKey"}
    assert run(command, bed, "echo in", connection=connection).properties["stdout"] == "in"


def test_the_proxy_has_its_own_host_key(command: PluginClient, bed: Bed) -> None:
    proxy = bed.connection(1, hostKey=bed.host_key(2), dialErrorLimit=0)
    answer = run(command, bed, "true", connection=bed.connection(2, proxy=proxy))
    assert answer.errors[0].endswith("proxy: after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch")


def test_each_end_of_a_connection_through_a_proxy_tells_how_often_it_was_tried(command: PluginClient, bed: Bed) -> None:
    """The program tells the two ends apart by that (components/remote/bastion.py)."""
    proxy = bed.connection(1, dialErrorLimit=2)
    for broken in ({"port": 99}, {"hostKey": bed.host_key(2)}, {"user": "nobody-here"}):
        target = bed.connection(2, dialErrorLimit=1, proxy={**proxy, **broken})
        assert "proxy: after 2 failed attempts: " in run(command, bed, "true", connection=target).errors[0], broken
    for broken in ({"port": 99}, {"hostKey": bed.host_key(1)}, {"user": "nobody-here"}):
        target = {**bed.connection(2, dialErrorLimit=1, proxy=proxy), **broken}
        assert "proxy: after 1 failed attempts: ssh: " in run(command, bed, "true", connection=target).errors[0], broken
    refused = {**bed.connection(2, dialErrorLimit=0, proxy=proxy), "port": 99}
    assert "ssh: rejected: connect failed" in run(command, bed, "true", connection=refused).errors[0]


def test_an_ipv6_address_is_given_without_brackets(command: PluginClient, bed: Bed) -> None:
    target = bed.connection(host="2001:db8::99", dialErrorLimit=0, perDialTimeout=2)
    assert "dial tcp [2001:db8::99]:22: " in run(command, bed, "true", connection=target).errors[0]


def test_the_host_key_behind_a_proxy_is_checked(command: PluginClient, bed: Bed) -> None:
    target = bed.connection(2, hostKey=bed.host_key(1), dialErrorLimit=0, proxy=bed.connection(1))
    answer = run(command, bed, "true", connection=target)
    assert answer.errors[0].endswith("ssh: handshake failed: ssh: host key mismatch")


def test_an_encrypted_key_needs_its_password(command: PluginClient, bed: Bed) -> None:
    key = bed.make_user_key("encrypted", passphrase="pass")
    right = bed.connection(privateKey=key, privateKeyPassword=secret("pass"))
    assert run(command, bed, "echo in", connection=right).properties["stdout"] == "in"
    answer = run(command, bed, "true", connection=bed.connection(privateKey=key, privateKeyPassword=secret("other")))
    assert answer.errors
    assert "failed attempts" not in answer.errors[0], "what a retry cannot mend is not tried again"
    assert key.splitlines()[1] not in answer.errors[0]


def test_an_agent_gives_the_key(command: PluginClient, bed: Bed) -> None:
    socket = bed.directory / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL) as agent:
        deadline = time.monotonic() + 150
        while not socket.exists():
            assert time.monotonic() < deadline
        environment = {**os.environ, "SSH_AUTH_SOCK": str(socket)}
        subprocess.run(["ssh-add", "-q", str(bed.directory / "id_ed25519")], env=environment, check=True)
        connection = {key: value for key, value in bed.connection().items() if key != "privateKey"}
        answer = run(command, bed, "echo in", connection=connection | {"agentSocketPath": str(socket)})
        agent.terminate()
    assert answer.properties["stdout"] == "in"


def test_an_agent_that_is_not_there_is_an_error(command: PluginClient, bed: Bed) -> None:
    answer = run(command, bed, "true", connection=bed.connection(agentSocketPath="/no/agent"))
    assert answer.errors[0].endswith("dial unix /no/agent: connect: no such file or directory")


def test_forty_commands_run_at_once(command: PluginClient, bed: Bed, remote: Path) -> None:
    """Each waits until all have come: one after the other, none would end."""
    script = f"touch {remote}/$(mktemp -u XXXXXXXX); until [ $(ls {remote} | wc -l) -eq 40 ]; do sleep 0.1; done"
    inputs = {"connection": secret(bed.connection(perDialTimeout=300)), "create": f"timeout 600 sh -c '{script}'"}
    running = [command.start("Create", create(REMOTE, inputs)) for _ in range(40)]
    assert [future.result(900).errors for future in running] == [()] * 40

"""The deployer's side of a measurement, with SSH that goes nowhere, and transfers on this machine's loopback."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from components.hosts.paths import agent, between
from tests.support.examples import HOST_KEY, TREE

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
PLAN: dict[str, Any] = {
    "top": 1420,
    "seconds": 1,
    "limit": 600,
    "sites": {
        "hub": {"address": "192.168.0.1", "port": 22, "user": "root", "hostKey": HOST_KEY},
        "far": {"address": "192.168.0.2", "port": 2222, "user": "admin", "hostKey": HOST_KEY},
        "dsl": {"address": "192.168.0.3", "port": 22, "user": "root", "hostKey": HOST_KEY},
    },
    "pairs": [["hub", "far"], ["dsl", "far"], ["dsl", "hub"]],
}
SSH = """\
#!{python}
import json, os, re, stat, sys
words = sys.argv[1:]
address = words[-2]
key = next(word for word in words if word.startswith("-i"))[2:]
known = next(word for word in words if word.startswith("-oUserKnownHostsFile="))[21:]
with open(os.environ["SEEN"], "a") as seen:
    print(json.dumps([words, stat.S_IMODE(os.stat(key).st_mode), open(key).read(), open(known).read()]), file=seen)
if address in os.environ.get("REFUSING", ""):
    print("Permission denied (publickey).", file=sys.stderr)
    sys.exit(255)
print("Welcome to this host\\n42", flush=True)
for line in sys.stdin:
    values = json.loads(line)
    if values["do"] == "paths":
        answer = {{"paths": {{other: {{"rtt": 10.5 + int(address[-1]), "mtu": 1420 - int(other[-1])}} for other in values["addresses"]}}}}
    elif values["do"] == "receive":
        answer = {{"mbps": float(address[-1])}}
    elif values["do"] == "send" and address in os.environ.get("STALLING", ""):
        answer = {{"error": "Connection refused"}}
    else:
        answer = {{"port": 1}}
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def ssh(tmp_path: Path) -> dict[str, str]:
    """An environment whose ssh plays the agent, and notes how it was called."""
    stub = tmp_path / "ssh"
    stub.write_text(SSH.format(python=sys.executable), encoding="utf-8")
    stub.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SEEN": str(tmp_path / "seen"),
        "PYTHONPATH": str(TREE),
    }


def run(environment: dict[str, str], plan: dict[str, Any] = PLAN) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "components.hosts.paths.between"],
        input=f"{json.dumps(plan)}\n{KEY}",
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


needs_run = pytest.mark.skipif(not os.access("/run", os.W_OK), reason="the key lies below /run meanwhile: needs root")


@needs_run
def test_every_pair_is_measured_in_the_plans_order_by_the_worse_view_of_the_two(ssh: dict[str, str]) -> None:
    assert run(ssh) == [
        {"between": ["hub", "far"], "rtt": 11.5, "mtu": 1418, "mbps": [2.0, 1.0]},
        {"between": ["dsl", "far"], "rtt": 12.5, "mtu": 1417, "mbps": [2.0, 3.0]},
        {"between": ["dsl", "hub"], "rtt": 11.5, "mtu": 1417, "mbps": [1.0, 3.0]},
    ]


@needs_run
def test_host_keys_are_checked_and_the_key_lies_for_root_only_and_not_for_long(ssh: dict[str, str]) -> None:
    run(ssh)
    seen = [json.loads(line) for line in Path(ssh["SEEN"]).read_text(encoding="utf-8").splitlines()]
    assert len(seen) == 3
    for words, mode, key, known in seen:
        assert "-oStrictHostKeyChecking=yes" in words
        assert mode == stat.S_IRUSR | stat.S_IWUSR
        assert key == KEY
        assert known.splitlines()[0] == f"192.168.0.1 {HOST_KEY}"
        assert not Path(next(word for word in words if word.startswith("-i"))[2:]).parent.exists()
        assert "AAAA" not in " ".join(words)
        assert f"-oHostKeyAlias={words[-2]}" in words, "with another port ssh looks for another name"
    ports = {words[-2]: words[words.index("-p") + 1] for words, *_ in seen}
    assert ports == {"192.168.0.1": "22", "192.168.0.2": "2222", "192.168.0.3": "22"}
    assert [words[-1] for words, *_ in seen if "admin" in words] == [
        "exec sudo -n sh /var/lib/stretched-uploads/node/current/agent.sh"
    ]


@needs_run
def test_a_site_that_cannot_be_asked_is_a_problem_and_the_others_are_measured(ssh: dict[str, str]) -> None:
    assert run({**ssh, "REFUSING": "192.168.0.3"}) == [
        {"problem": "dsl cannot measure: Permission denied (publickey)."},
        {"between": ["hub", "far"], "rtt": 11.5, "mtu": 1418, "mbps": [2.0, 1.0]},
    ]


@needs_run
def test_a_transfer_that_fails_is_a_problem_and_the_rest_of_the_pair_is_told(ssh: dict[str, str]) -> None:
    found = run({**ssh, "STALLING": "192.168.0.3"})
    assert found[1:3] == [
        {"problem": "throughput between dsl and far: dsl: Connection refused"},
        {"between": ["dsl", "far"], "rtt": 12.5, "mtu": 1417},
    ]
    assert found[0]["mbps"] == [2.0, 1.0]


@needs_run
def test_when_the_time_is_over_no_throughput_is_measured_any_more(ssh: dict[str, str]) -> None:
    found = run(ssh, {**PLAN, "limit": 0})
    assert len(found) == 3
    assert not [line for line in found if "mbps" in line or "problem" in line]


def test_a_silent_site_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "ssh"
    silent.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    place = between.Place("hub", PLAN["sites"]["hub"], tmp_path)
    with pytest.raises(between.NotMeasuredError, match="hub does not answer in time"):
        place.hear(0.1)
    assert place.lost
    place.close()


SLOW = """\
#!{python}
import json, sys, time
for line in sys.stdin:
    first = json.loads(line)["do"] == "paths"
    time.sleep(3 if first else 0.3)
    print(json.dumps({{"paths": {{"192.168.0.1": {{"rtt": 9, "mtu": 1420}}}}}} if first else {{"port": 1, "mbps": 2}}), flush=True)
"""


def test_a_slow_host_has_as_long_for_its_answers_as_it_needed_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tmp_path / "ssh"
    stub.write_text(SLOW.format(python=sys.executable), encoding="utf-8")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(between, "_NEXT", 0.1)
    places = {site: between.Place(site, PLAN["sites"][site], tmp_path) for site in ("hub", "far")}
    found = list(between.measure({**PLAN, "pairs": [["hub", "far"]]}, places))
    for place in places.values():
        place.close()
    assert found == [{"between": ["hub", "far"], "rtt": 9, "mtu": 1420, "mbps": [2.0, 2.0]}]


def test_the_measuring_shell_script_never_fails_and_says_what_went_wrong(tmp_path: Path) -> None:
    script = TREE / "components/hosts/scripts/node/measure.sh"

    def said(python: str, patience: str = "600") -> str:
        stub = tmp_path / "python3"
        stub.write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
        stub.chmod(0o755)
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STRETCHED_PATIENCE": patience}
        return subprocess.run(["sh", str(script)], env=environment, text=True, capture_output=True, check=True).stdout

    assert said("exit 0") == ""
    assert json.loads(said("exit 1")) == {
        "problem": "the measurement ended with an error, see the output of the command"
    }
    assert json.loads(said("exec sleep 900", "0.2")) == {"problem": "the measurement took too long and was stopped"}


def transferred(seconds: float) -> dict[str, object]:
    """Return what the receiver says of a transfer over the loopback that takes so long."""
    listener = agent.Listener()
    port = listener.listen({"address": "127.0.0.1"})["port"]
    sender = threading.Thread(target=agent.send, args=[{"address": "127.0.0.1", "port": port, "seconds": seconds}])
    sender.start()
    found = listener.receive({"skip": 0.1})
    sender.join(300)
    assert not sender.is_alive(), "it ends"
    return found


def test_a_transfer_is_measured_where_it_arrives_and_ends() -> None:
    found: dict[str, object] = {}
    for seconds in (0.4, 4, 40):  # a busy machine may send nothing in the first
        found = transferred(seconds)
        if "mbps" in found:
            break
    assert float(str(found["mbps"])) > 0


def test_a_transfer_of_which_nothing_comes_is_an_error_and_no_number() -> None:
    assert transferred(0) == {"error": "the transfer stalled"}

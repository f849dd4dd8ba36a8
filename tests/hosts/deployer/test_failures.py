"""What a person reads of failures and of progress."""

import re
import time
from pathlib import Path

import pytest

from components.hosts.deployer.failures import Failure, report, said_by
from components.hosts.deployer.progress import Progress

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"msg": "no such package"}, "no such package"),
        ({"msg": "non-zero return code", "stderr": "out of order\n"}, "non-zero return code\nout of order"),
        ({"msg": "non-zero return code", "stderr": "", "stdout": "it says"}, "non-zero return code\nit says"),
        ({"msg": "non-zero return code", "stderr": "why", "stdout": "much else"}, "non-zero return code\nwhy"),
        ({"msg": "same", "stderr": "same"}, "same"),
        ({"reason": "no role of that name"}, "no role of that name"),
        ({"msg": ["first", "second"]}, "['first', 'second']"),
        ({"rc": 1}, "(nothing)"),
        ({"msg": " "}, "(nothing)"),
    ],
)
def test_what_a_failed_task_says(result: dict[str, object], said: str) -> None:
    assert said_by(result) == said


def test_a_loop_says_what_its_failed_items_say_each_text_once() -> None:
    items = [
        {"item": 1, "msg": "fine"},
        {"item": 2, "failed": True, "msg": "bad"},
        {"item": 3, "failed": True, "msg": "bad"},
        {"item": 4, "unreachable": True, "msg": "gone"},
    ]
    assert said_by({"msg": "One or more items failed", "results": items}) == "bad\ngone"
    assert said_by({"msg": "One or more items failed", "results": items[:1]}) == "One or more items failed"


def test_a_hidden_result_stays_hidden_within_a_loop_too() -> None:
    hidden = {"failed": True, "_ansible_no_log": True, "msg": SECRET}
    assert said_by(hidden) == "(hidden: the task handles secrets)"
    assert SECRET not in said_by({"msg": "One or more items failed", "results": [hidden]})
    assert SECRET not in said_by({"censored": "the output has been hidden", "stdout": SECRET})


def failure(said: str, host: str = "a", task: str = "role : do", *, unreachable: bool = False) -> Failure:
    return Failure(task, host, said, unreachable)


def test_the_report_has_each_task_once_with_hosts_and_each_hint_once() -> None:
    text = report(
        [
            failure("non-zero\nNo space left on device", "a"),
            failure("odd", "b", "role : other"),
            failure("No space left on device", "c"),
        ]
    )
    assert text == (
        "TASK role : do\n"
        "  a: non-zero\n"
        "      No space left on device\n"
        "  c: No space left on device\n"
        "  try: the host's disk is full: make room\n"
        "TASK role : other\n"
        "  b: odd\n"
        "  try: log in to the host and read its logs: journalctl -u kubelet -u containerd -u etcd\n"
    )


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        (
            "Request failed: <urlopen error [Errno -3] Temporary failure in name resolution>",
            "check its internet access",
        ),
        ("failed to pull and unpack image", "name a mirror"),
        ("The checksum for /tmp/x did not match", "name a mirror"),
        ("Could not get lock /var/lib/dpkg/lock-frontend", "another package manager is running"),
        ("/opt/cni/bin/loopback: Operation not permitted", "fapolicyd or SELinux may have forbidden it"),
        ("ansible_memtotal_mb: too little memory", "too little memory for its role"),
        ("The connection to the server 192.168.0.2:6443 was refused: connection refused", "a service did not answer"),
    ],
)
def test_a_failure_has_a_hint(said: str, hint: str) -> None:
    assert hint in failure(said).hint


def test_the_hint_for_an_unreachable_host_is_about_the_way_there() -> None:
    assert "over wg0" in failure("Connection timed out", unreachable=True).hint


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("root@192.168.0.3: Permission denied (publickey).", "AllowUsers"),
        ("ssh: connect to host 192.168.0.3 port 22: Connection refused", "ListenAddress"),
        ("Host key verification failed.", "ssh.hostKey"),
        ("kex_exchange_identification: read: Connection reset by peer", "MaxStartups"),
        ("Connection closed by 192.168.0.3 port 22", "MaxStartups"),
        ("ssh: connect to host 192.168.0.3 port 22: Connection timed out", "whether the host is up"),
    ],
)
def test_a_login_that_fails_has_the_likely_cause(said: str, hint: str) -> None:
    assert hint in failure(f"Failed to connect to the host via ssh: {said}", unreachable=True).hint


def test_clocks_and_sudo_have_their_own_hints() -> None:
    assert "chrony" in failure("the clock here differs by 60 seconds from the deployer's").hint
    assert "NOPASSWD" in failure("non-zero return code\nsudo: a password is required").hint


def test_a_long_text_is_cut_in_the_report() -> None:
    assert len(report([failure("x" * 100_000)])) < 3000


def test_a_failure_that_says_nothing_is_reported_all_the_same() -> None:
    assert "  a: \n" in report([failure("")])


def test_progress_has_the_time_since_the_beginning_and_cuts_what_is_too_long(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress", time.time() - 3725)
    progress.tell("first\nsecond")
    progress.tell("x" * 100_000)
    progress.tell("")
    first, second, long, empty = (tmp_path / "progress").read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"\[ 62:\d\d\] first", first), "a busy machine may need some seconds"
    assert second == "         second"
    assert len(long) == 400
    assert empty.startswith("[ 62:")


def test_progress_knows_its_file_and_beginning_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRETCHED_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.setenv("STRETCHED_STARTED", "12.5")
    assert Progress.from_environment() == Progress(tmp_path / "progress", 12.5)
    monkeypatch.delenv("STRETCHED_PROGRESS")
    with pytest.raises(KeyError, match="STRETCHED_PROGRESS"):
        Progress.from_environment()

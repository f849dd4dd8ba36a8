"""The callback in the ansible-core that a deployer has: what a person reads of a run."""

from pathlib import Path

import pytest

from tests.hosts.deployer.playbooks import Played, Stage

STORY = Path(__file__).with_name("story.yml")
PASSWORD = "hunter2"
HOSTS = ["a", "b", "hidden", "hiding", "unreachable"]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, ansible_python: Path, tools: Path) -> Played:
    """A run with each kind of failure; the unreachable host has an ssh that says so, nothing leaves this machine."""
    root = tmp_path_factory.mktemp("story")
    unreachable = {
        "ansible_connection": "ssh",
        "ansible_ssh_executable": str(root / "bin" / "ssh"),
        "ansible_pipelining": False,  # else it may say that it could not write to this ssh any more
    }
    stage = Stage(root, ansible_python, tools / "uploaded", {"all": HOSTS}, {"unreachable": unreachable})
    stage.stub("ssh", "echo 'no route to host' >&2; exit 255")
    return stage.play(STORY, password=PASSWORD)


def test_progress_tells_plays_hosts_tasks_failures_and_totals(story: Played) -> None:
    assert story.status != 0
    said = [line for line in story.progress if "unreachable" not in line]
    assert said == [
        "    First (2 hosts, 0 tasks done)",
        "      failed: Fall on b: fell",
        "    Second (4 hosts, 4 tasks done)",
        "      failed: Look at each on a: bad one",
        "      failed: Log in on hidden: (hidden: the task handles secrets)",
        "      failed: Log in to each on hiding: (hidden: the task handles secrets)",
        "    8 tasks on 5 hosts: 2 changes, failed on 4 hosts",
    ]
    lost = [line for line in story.progress if "unreachable" in line]
    assert lost[0].startswith("      failed: Go there on unreachable: Failed to connect")


def test_the_report_has_what_failed_in_the_end_and_only_the_bad_items_of_a_loop(story: Played) -> None:
    assert "TASK Look at each\n  a: bad one\n      bad two\n  try: " in story.failures
    assert "fine" not in story.failures
    assert "TASK Go there\n  unreachable: Failed to connect" in story.failures
    assert "no route to host" in story.failures
    assert "try: check whether the host is up" in story.failures
    assert story.failures.count("TASK ") == 4


@pytest.mark.parametrize("task", ["Ignore", "Fall"])
def test_what_is_ignored_or_rescued_is_not_reported(story: Played, task: str) -> None:
    assert task not in story.failures


def test_what_a_task_hides_is_nowhere(story: Played) -> None:
    assert story.failures.count("(hidden: the task handles secrets)") == 2
    assert PASSWORD not in story.failures
    assert PASSWORD not in "".join(story.progress)
    assert PASSWORD not in story.output


def test_a_task_that_takes_long_is_told_with_the_hosts_that_have_answered(
    tmp_path: Path, ansible_python: Path, tools: Path
) -> None:
    stage = Stage(tmp_path, ansible_python, tools / "uploaded", {"all": ["quick", "slow"]})
    text = (stage.own("callback") / "stretched.py").read_text(encoding="utf-8")
    impatient = text.replace("_QUIET_SECONDS = 30\n", "_QUIET_SECONDS = 1\n")
    assert impatient != text
    (tmp_path / "callback").mkdir()
    (tmp_path / "callback" / "stretched.py").write_text(impatient, encoding="utf-8")
    playbook = tmp_path / "long.yml"
    # The slow host's task ends when the line is there.
    playbook.write_text(
        f"""
- name: Long
  hosts: all
  gather_facts: false
  tasks:
    - name: Both answer
      ansible.builtin.debug: {{msg: here}}

    - name: Wait for it
      ansible.builtin.wait_for:
        path: {stage.progress}
        search_regex: 'Wait for it: 1 of 2 hosts'
        timeout: 600
      when: inventory_hostname == 'slow'
""",
        encoding="utf-8",
    )
    played = stage.play(playbook)
    assert played.status == 0, played.output
    assert "      ... Wait for it: 1 of 2 hosts (task 2)" in played.progress
    assert played.progress[-1] == "    2 tasks on 2 hosts: 0 changes, failed on 0 hosts"
    assert played.failures == ""

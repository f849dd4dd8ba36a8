"""Ansible callback that reports plays, hosts, tasks done and failures to the person who follows the run."""

import os
import threading
import time
from pathlib import Path

from ansible.plugins.callback import CallbackBase  # type: ignore[import-not-found]

from components.hosts.deployer.failures import Failure, report, said_by
from components.hosts.deployer.progress import Progress

DOCUMENTATION = """
name: stretched
type: aggregate
short_description: progress and failures of a run, for a person
description: Appends to the file STRETCHED_PROGRESS, and writes what failed to STRETCHED_FAILURES.
"""
_QUIET_SECONDS = 30


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Names, arguments and meaning of the methods are those of ansible-core 2.18 (CallbackBase)."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "stretched"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._progress = Progress.from_environment()
        self._tasks = 0
        self._task = ""
        self._hosts = 0
        self._answered: set[str] = set()
        self._failures: list[Failure] = []
        self._told = time.monotonic()
        threading.Thread(target=self._heart, daemon=True).start()

    def _tell(self, text: str) -> None:
        self._told = time.monotonic()
        self._progress.tell(text)

    def _heart(self) -> None:
        """Report a task that takes long: to the person, and as a keepalive for firewalls that drop idle connections."""
        while True:
            time.sleep(max(1.0, _QUIET_SECONDS - (time.monotonic() - self._told)))
            if self._task and time.monotonic() - self._told >= _QUIET_SECONDS:
                self._tell(f"      ... {self._task}: {len(self._answered)} of {self._hosts} hosts (task {self._tasks})")

    def v2_playbook_on_play_start(self, play) -> None:  # type: ignore[no-untyped-def]
        inventory = play.get_variable_manager()._inventory
        self._hosts = len(inventory.get_hosts(play.hosts))
        self._task = ""
        self._tell(f"    {play.get_name().strip()} ({self._hosts} hosts, {self._tasks} tasks done)")

    def v2_playbook_on_task_start(self, task, is_conditional) -> None:  # type: ignore[no-untyped-def] # noqa: ARG002
        self._tasks += 1
        self._task = task.get_name().strip()
        self._answered = set()

    def _answer(self, result) -> None:  # type: ignore[no-untyped-def]
        self._answered.add(result._host.get_name())

    def v2_runner_on_ok(self, result) -> None:  # type: ignore[no-untyped-def]
        self._answer(result)

    def v2_runner_on_skipped(self, result) -> None:  # type: ignore[no-untyped-def]
        self._answer(result)

    def v2_runner_on_failed(self, result, ignore_errors=False) -> None:  # type: ignore[no-untyped-def]
        self._answer(result)
        if not ignore_errors:
            self._fail(result, unreachable=False)

    def v2_runner_on_unreachable(self, result) -> None:  # type: ignore[no-untyped-def]
        self._answer(result)
        self._fail(result, unreachable=True)

    def _fail(self, result, *, unreachable: bool) -> None:  # type: ignore[no-untyped-def]
        failure = Failure(
            result._task.get_name().strip(), result._host.get_name(), said_by(result._result), unreachable
        )
        self._failures.append(failure)
        self._tell(f"      failed: {failure.task} on {failure.host}: {failure.said.splitlines()[0]}")

    def v2_playbook_on_stats(self, stats) -> None:  # type: ignore[no-untyped-def]
        """Report the totals. A failure that a playbook rescued does not count."""
        bad = {host for host in stats.processed if stats.failures.get(host) or stats.dark.get(host)}
        failures = [failure for failure in self._failures if failure.host in bad]
        if bad:
            Path(os.environ["STRETCHED_FAILURES"]).write_text(report(failures), encoding="utf-8")
        changed = sum(stats.changed.values())
        self._task = ""
        self._tell(
            f"    {self._tasks} tasks on {len(stats.processed)} hosts: {changed} changes, failed on {len(bad)} hosts"
        )

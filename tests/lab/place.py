"""Running things in the lab, and looking at what ran."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from lab.layout import DEFAULT_TOPOLOGY, Layout
from lab.topology_file import load
from tests.support.examples import TREE

HOSTS = (
    "uchicago002.hl-lhc.io",
    "uchicago003.hl-lhc.io",
    "uchicago004.hl-lhc.io",
    "uchicago005.hl-lhc.io",
    "umich001.hl-lhc.io",
    "msu001.hl-lhc.io",
    "uvic001.hl-lhc.io",
)
STACK = "dev"
T = TypeVar("T")
PING_UNTIL_ANSWERED = "timeout 300 sh -c 'until ping -q -c1 -W2 $0; do sleep 0.2; done' ADDRESS"
"""For a shell on a host, with the address put in: one try proves nothing where a WAN or a machine is busy."""


def make(target: str) -> str:
    """Run a make target; return what it printed, which is shown when the test fails."""
    done = subprocess.run(
        ["make", target], cwd=TREE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    print(done.stdout)
    assert done.returncode == 0, f"make {target} failed:\n{done.stdout[-3000:]}"
    return done.stdout


class Place:
    """Where Pulumi runs in the lab of a topology file: in a project's directory."""

    def __init__(self, topology: Path, directory: Path = TREE) -> None:
        self.topology = topology
        self.layout = Layout(load(topology).name)
        self.directory = directory

    def lab(self, *words: str, check: bool = True, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `python -m lab ...`; both streams come as one text."""
        done = subprocess.run(
            [sys.executable, "-m", "lab", "--topology", str(self.topology), *words],
            cwd=self.directory,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            text=True,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if check and done.returncode != 0:
            print(done.stdout)  # whole: what went wrong may stand far above the end
        assert not check or done.returncode == 0, f"{' '.join(words)} failed, see its output"
        return done

    def on(self, host: str, *command: str, check: bool = True) -> str:
        """Run a command as root on a host and return what it printed."""
        return self.lab("exec", host, "--", *command, check=check).stdout

    def pulumi(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pulumi in the operator's place."""
        return self.lab("run", "pulumi", *words, "--non-interactive", check=check)

    def snapshot(self, host: str) -> str:
        """Return a text that changes with anything of ours on a host: files by hash, interfaces, units, packages.

        timedatectl, by which the preflight reads, has systemd start systemd-timedated for half a minute.
        """
        return self.on(
            host,
            "sh",
            "-c",
            "find /etc /root /var/lib/stretched /usr/local -xdev -type f ! -name '*.log' 2>/dev/null | sort | xargs -r sha256sum;"
            " ls /sys/class/net; systemctl list-units --no-legend --plain --type=service --state=running | cut -d' ' -f1 |"
            " grep -vx systemd-timedated.service;"
            " dpkg-query -W | sha256sum; wg show all allowed-ips 2>/dev/null | sort",
        )

    def state_file(self) -> Path:
        """Return the file of the state of the stack STACK."""
        return self.layout.access / "pulumi/.pulumi/stacks/stretched" / f"{STACK}.json"


DEV = Place(DEFAULT_TOPOLOGY)
"""The lab of the example cluster, with the stack as the tree has it."""
lab, on, pulumi, snapshot, state_file = DEV.lab, DEV.on, DEV.pulumi, DEV.snapshot, DEV.state_file


def kubectl(kubeconfig: Path, *words: str, check: bool = True, stdin: str | None = None) -> str:
    """Run kubectl in the operator's place with the kubeconfig of the stack."""
    return lab("run", "kubectl", "--kubeconfig", str(kubeconfig), *words, check=check, stdin=stdin).stdout


BUSY = 10
"""How many times as long anything may take on a busy machine as on a quiet one."""


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Await a condition, which takes at most `seconds` on a quiet machine; fail with what was awaited when it does not come.

    On a busy machine it may take BUSY times as long: that is printed, and no fault.
    """
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds * BUSY, f"not within {seconds * BUSY:.0f} s: {what}"
        time.sleep(0.3)
    if (took := time.monotonic() - began) > seconds:
        print(f"a busy machine: {what} took {took:.0f} s, not {seconds:.0f}")


def wait_for(ask: Callable[[], T], expected: T, seconds: float, what: str) -> None:
    """Await that a question has the expected answer, as `wait_until` does; fail with the last answer."""
    began = time.monotonic()
    while (answer := ask()) != expected:
        if time.monotonic() - began > seconds * BUSY:
            assert answer == expected, f"not within {seconds * BUSY:.0f} s: {what}"
        time.sleep(0.3)


@contextlib.contextmanager
def processes_seen() -> Iterator[set[str]]:
    """Collect command line and environment of every process of the machine, so of every host, while the block runs."""
    seen: set[str] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            for process in Path("/proc").iterdir():
                if process.name.isdigit():
                    for name in ("cmdline", "environ"):
                        with contextlib.suppress(OSError):
                            seen.add((process / name).read_bytes().decode(errors="replace"))
            stop.wait(0.05)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def example_with(tmp_path: Path, replace: str, by: str) -> Path:
    """Return a copy of the lab's stack configuration with one text replaced."""
    text = (TREE / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8")
    assert replace in text
    file = tmp_path / f"Pulumi.{STACK}.yaml"
    file.write_text(text.replace(replace, by), encoding="utf-8")
    return file

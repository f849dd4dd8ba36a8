"""Running things in the lab, and looking at what ran."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.layout import DEFAULT_TOPOLOGY, Layout
from lab.topology_file import load
from tests.examples import TREE

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
LAYOUT = Layout(load(DEFAULT_TOPOLOGY).name)


def make(target: str) -> str:
    """Run a make target; return what it printed, which is shown when the test fails."""
    done = subprocess.run(
        ["make", target], cwd=TREE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    print(done.stdout)
    assert done.returncode == 0, f"make {target} failed:\n{done.stdout[-3000:]}"
    return done.stdout


def lab(*words: str, check: bool = True, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python -m lab ...`; both streams come as one text."""
    done = subprocess.run(
        [sys.executable, "-m", "lab", *words],
        cwd=TREE,
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


def on(host: str, *command: str, check: bool = True) -> str:
    """Run a command as root on a host and return what it printed."""
    return lab("exec", host, "--", *command, check=check).stdout


def pulumi(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run pulumi in the operator's place."""
    return lab("run", "pulumi", *words, "--non-interactive", check=check)


def kubectl(kubeconfig: Path, *words: str, check: bool = True, stdin: str | None = None) -> str:
    """Run kubectl in the operator's place with the kubeconfig of the stack."""
    return lab("run", "kubectl", "--kubeconfig", str(kubeconfig), *words, check=check, stdin=stdin).stdout


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Await a condition; fail with what was awaited when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.3)


def state_file() -> Path:
    """Return the stack's state file."""
    return TREE / ".lab/pulumi/.pulumi/stacks/stretched" / f"{STACK}.json"


def snapshot(host: str) -> str:
    """Return a text that changes with anything of ours on a host: files by hash, interfaces, units, packages."""
    return on(
        host,
        "sh",
        "-c",
        "find /etc /root /var/lib/stretched /usr/local -xdev -type f ! -name '*.log' 2>/dev/null | sort | xargs -r sha256sum;"
        " ls /sys/class/net; systemctl list-units --no-legend --plain --type=service --state=running | cut -d' ' -f1;"
        " dpkg-query -W | sha256sum; wg show all allowed-ips 2>/dev/null | sort",
    )


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

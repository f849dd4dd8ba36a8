"""The lock of a host: one script at a time, and nothing that a script starts can keep it."""

from pathlib import Path

import pytest

from tests.hosts.scripts.small_host import NEEDS_ROOT, SmallHost
from tests.hosts.scripts.stubs import stub

pytestmark = NEEDS_ROOT
FREE = "flock -n /run/stretched.lock echo free || echo locked"
CONF = "[Interface]\nAddress = 192.168.0.1/24\nListenPort = 51820\nMTU = 1420\n"


@pytest.fixture
def host(tmp_path: Path) -> SmallHost:
    return SmallHost(tmp_path)


def script(host: SmallHost, words: str) -> str:
    """Make a script that takes the lock with its arguments; return the command line that runs it."""
    node = host.bundle("node", "x", {"x.sh": f'. "$(dirname "$0")/lib.sh"\nlock "$@"\n{words}\n'}, "node")
    return f"sh {node}/x.sh"


def test_a_script_has_the_lock_its_arguments_and_its_standard_input(host: SmallHost) -> None:
    line = script(host, f'read -r line; echo "$1 $2 $line"; {FREE}; exit 7')
    done = host.run(f"echo secret | {line} one 'two words'; echo status $?; {FREE}")
    assert done.stdout.splitlines() == ["one two words secret", "locked", "status 7", "free"], done.stderr


def test_what_a_script_leaves_running_does_not_keep_the_lock(host: SmallHost) -> None:
    """A daemon that a package's script starts, or a process of a login user."""
    line = script(host, f"sleep 1000 <&- >&- 2>&- & echo $! >{host.place}/daemon")
    done = host.run(f"{line}; {FREE}; kill $(cat {host.place}/daemon)")
    assert done.stdout == "free\n", done.stderr


def test_a_signal_lets_the_script_tidy_before_another_one_begins(host: SmallHost) -> None:
    line = script(host, f"at_end 'sleep 0.3; {FREE}'; kill -s TERM 0; sleep 1000")
    done = host.run(f"setsid --wait {line}; echo status $?; {FREE}")
    assert done.stdout.splitlines() == ["locked", "status 143", "free"], done.stderr


def test_restorecon_gets_no_lock(host: SmallHost) -> None:
    """SELinux lets it have no such descriptors, and logs each."""
    stub(host.place / "bin", "restorecon", f"ls -l /proc/$$/fd >>{host.place}/descriptors")
    node = host.bundle("node", "x", {"wg0.public.conf": CONF, "failover.conf": "gateway 192.168.0.2 b\n"}, "node")
    done = host.run(f"echo private P | sh {node}/tunnel.sh grow")
    assert done.returncode == 0, done.stderr
    descriptors = (host.place / "descriptors").read_text(encoding="utf-8")
    assert "restorecon" in descriptors
    assert "/run/" not in descriptors

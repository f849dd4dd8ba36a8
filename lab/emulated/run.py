"""Runs qemu until its machine ends: `run.py QEMU...`. The exit code is REBOOT when the system inside rebooted.

qemu's own exit code does not tell a reboot from a power-off; the last event SHUTDOWN of its monitor (QMP) does.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence

REBOOT = 133
"""That of systemd-nspawn, too."""


def main(command: Sequence[str]) -> int:
    """Run the command, whose monitor is on its standard input and output; return the exit code."""
    with subprocess.Popen(
        [*command, "-qmp", "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as qemu:
        assert qemu.stdin  # noqa: S101 - opened above
        assert qemu.stdout  # noqa: S101
        qemu.stdin.write('{"execute": "qmp_capabilities"}\n')  # no event comes before that
        qemu.stdin.flush()
        reason = last_shutdown(qemu.stdout)
        code = qemu.wait()
    return REBOOT if code == 0 and reason == "guest-reset" else code


def last_shutdown(lines: Iterable[str]) -> str:
    """Return the reason of the last event SHUTDOWN of a QMP session, such as guest-reset; empty: there was none."""
    reason = ""
    for line in lines:
        message = json.loads(line)
        if message.get("event") == "SHUTDOWN":
            reason = message["data"]["reason"]
    return reason


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

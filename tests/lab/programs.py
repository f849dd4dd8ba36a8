"""Programs behind services, on hosts of a lab: serve.py answers, ask.py asks."""

import subprocess

from tests.lab.mesh_lab import MeshLab
from tests.support.examples import TREE

PYTHON = "/usr/bin/python3"

KEEP = """
import socket, sys
kept = [socket.create_connection((sys.argv[1], int(port)), 5) for port in sys.argv[2:]]
files = [one.makefile("rw") for one in kept]
def ask(file):
    try:
        print("who", file=file, flush=True)
        return file.readline().strip() or "closed"
    except OSError:
        return "closed"
for _ in range(2):
    print(*(ask(file) for file in files), sep=";", flush=True)
    sys.stdin.readline()
"""


class Kept:
    """Connections from the operator's place to ports of one address, which stay open while others come and go."""

    def __init__(self, lab: MeshLab, address: str, *ports: int) -> None:
        """`before` is what each was told at first."""
        words = lab.words("exec", "operator", "--", PYTHON, "-c", KEEP, address, *map(str, ports))
        self._process = subprocess.Popen(words, cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.before = self._told()

    def again(self) -> list[str]:
        """Return what each is told now, `closed` where it is; end them."""
        assert self._process.stdin is not None
        print("", file=self._process.stdin, flush=True)
        told = self._told()
        self._process.communicate("")
        return told

    def _told(self) -> list[str]:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip().split(";")


def run(lab: MeshLab, place: str, program: str, *words: object) -> str | None:
    """Return what a program printed in a place of the lab; None: it failed."""
    done = lab.lab("exec", place, "--", PYTHON, "-c", program, *map(str, words), check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def who(lab: MeshLab, protocol: str, address: str, port: int, place: str = "operator", *source: int) -> list[str]:
    """Return which program answers, and the client's address that it sees; nothing where none does."""
    return who_all(lab, place, (protocol, address, port, *source))[0]


def who_all(lab: MeshLab, place: str, *questions: tuple[object, ...]) -> list[list[str]]:
    """Return the same for several questions of one place, all asked at once."""
    program = (TREE / "tests/lab/ask.py").read_text(encoding="utf-8")
    words = [",".join(map(str, question)) for question in questions]
    answers = lab.lab("exec", place, "--", PYTHON, "-c", program, *words).stdout.removesuffix("\n").split("\n")
    told = [answer.split() for answer in answers]
    assert len(told) == len(questions), answers
    assert all(answer[2:] in ([], ["hello"]) for answer in told), answers
    return [answer[:2] for answer in told]


def start(lab: MeshLab, host: str, ports: str) -> None:
    """Have serve.py run on a host, under the host's name, at ports in its own words."""
    file = TREE / "tests/lab/serve.py"
    words = ["exec", host, "--", "sh", "-euc", "cat >/run/serve.py"]
    subprocess.run(lab.words(*words), cwd=TREE, input=file.read_bytes(), check=True)
    unit = "systemd-run -q --collect -p LimitNOFILE=20000 --unit=serve"
    lab.sh(host, "systemctl stop serve || :")
    lab.sh(host, f"{unit} {PYTHON} /run/serve.py {host} {ports}")

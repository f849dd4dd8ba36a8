"""Programs behind services, on hosts of a lab: serve.py answers, ask.py asks."""

import subprocess
from collections.abc import Mapping, Sequence

from tests.lab.mesh_lab import MeshLab
from tests.lab.place import wait_until
from tests.support.examples import TREE

PYTHON = "/usr/bin/python3"

KEEP = """
import socket, sys
kept = [socket.create_connection((sys.argv[1], int(port)), 120) for port in sys.argv[2:]]
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
    """Return which program answers, and the client's address that it sees: the first answer that comes."""
    told: list[str] = []

    def answered() -> bool:
        told[:] = answers(lab, place, (protocol, address, port, *source))[0]
        return bool(told)

    wait_until(answered, 20, f"somebody answers for {protocol} {port} at {address}, to {place}")
    return told


def nobody(lab: MeshLab, protocol: str, address: str, port: int, place: str = "operator") -> bool:
    """Tell whether nobody answers a question."""
    return answers(lab, place, (protocol, address, port)) == [[]]


def expect(lab: MeshLab, place: str, expected: Mapping[tuple[object, ...], list[str]]) -> None:
    """Await that questions of one place are answered as they should be, some by nobody ([]).

    A busy WAN loses packets, so questions without an answer are asked again. A wrong answer is a fault at once.
    """
    told: dict[tuple[object, ...], list[str]] = {}

    def all_told() -> bool:
        questions = [
            question for question, answer in expected.items() if not told.get(question) and (answer or not told)
        ]
        told.update(zip(questions, answers(lab, place, *questions), strict=True))
        wrong = {question: answer for question, answer in told.items() if answer not in ([], expected[question])}
        assert not wrong, wrong
        return told == expected

    wait_until(all_told, 20, f"{expected}, to {place}")


def answers(lab: MeshLab, place: str, *questions: tuple[object, ...], within: Sequence[str] = ()) -> list[list[str]]:
    """Return which program answers each of several questions of one place, all asked at once, as `who` does; [] is nobody.

    `within` are words before the command, such as `ip netns exec NAME`.
    """
    program = (TREE / "tests/lab/ask.py").read_text(encoding="utf-8")
    words = [",".join(map(str, question)) for question in questions]
    lines = lab.lab("exec", place, "--", *within, PYTHON, "-c", program, *words).stdout.removesuffix("\n").split("\n")
    told = [line.split() for line in lines]
    assert len(told) == len(questions), lines
    assert all(answer[2:] in ([], ["hello"]) for answer in told), lines
    return [answer[:2] for answer in told]


def start(lab: MeshLab, host: str, ports: str) -> None:
    """Have serve.py run on a host, under the host's name, at ports in its own words."""
    file = TREE / "tests/lab/serve.py"
    words = ["exec", host, "--", "sh", "-euc", "cat >/run/serve.py"]
    subprocess.run(lab.words(*words), cwd=TREE, input=file.read_bytes(), check=True)
    unit = "systemd-run -q --collect -p LimitNOFILE=20000 --unit=serve"
    lab.sh(host, "systemctl stop serve || :")
    lab.sh(host, f"{unit} {PYTHON} /run/serve.py {host} {ports}")

"""The commands that the preflight looks for are those that the scripts of hosts run."""

import re
from itertools import takewhile

import pytest

from tests.support.examples import TREE
from tests.support.shell_words import commands

SCRIPTS = {path: path.read_text(encoding="utf-8") for path in sorted((TREE / "components/hosts/scripts").rglob("*.sh"))}
TOOLS = (TREE / "components/hosts/scripts/preflight/tools.sh").read_text(encoding="utf-8")
SHELL = {
    "alias", "break", "cd", "command", "continue", "do", "done", "echo", "elif", "else", "esac", "eval", "exec",
    "exit", "export", "false", "fi", "for", "if", "in", "case", "local", "printf", "pwd", "read", "return", "set",
    "sh", "shift", "test", "then", "trap", "true", "umask", "unset", "until", "wait", "while",
}  # fmt: skip
COREUTILS = {
    "basename", "cat", "chmod", "chown", "comm", "cp", "cut", "date", "df", "dirname", "head", "id", "ln", "mkdir",
    "mktemp", "mv", "od", "paste", "rm", "rmdir", "sha256sum", "sleep", "sort", "stat", "sync", "tail", "timeout",
    "touch", "tr", "uname", "wc",
}  # fmt: skip
SYSTEMD = {"journalctl", "systemctl", "systemd-analyze", "systemd-run", "timedatectl"}
OF_A_SEARCHED_ONE = {"wg-quick": "wg", "setsebool": "getsebool", "apt-get": "apt-get", "dnf": "apt-get"}
"""Commands that come with another one, which a script looks for, or installs."""
OF_THE_ENVIRONMENT = {"ansible-playbook", "python"}
"""Of the deployer's virtual environment."""


def needed() -> set[str]:
    """Return the commands in the list of tools.sh, without the names of packages before them."""
    lines = TOOLS.split('needed_commands="\n')[1].splitlines()
    return {command for line in takewhile(lambda line: line != '"', lines) for command in line.split()[1:]}


def searched() -> set[str]:
    """Return the commands that a script looks for before it runs them."""
    return {name for text in SCRIPTS.values() for name in re.findall(r"command -v ([a-z][a-z0-9-]*)", text)}


def used() -> dict[str, list[str]]:
    """Return the commands of all scripts that are not of the shell, each with the scripts."""
    functions = {name for text in SCRIPTS.values() for name in re.findall(r"^([a-z_0-9]+)\(\)", text, re.MULTILINE)}
    found: dict[str, list[str]] = {}
    for path, text in SCRIPTS.items():
        for name in commands(text) - functions - SHELL:
            found.setdefault(name, []).append(path.name)
    return found


def test_every_command_is_looked_for_or_comes_with_what_is() -> None:
    known = needed() | searched() | COREUTILS | SYSTEMD | OF_THE_ENVIRONMENT
    known |= {name for name, other in OF_A_SEARCHED_ONE.items() if other in searched()}
    assert {name: where for name, where in used().items() if name not in known} == {}


def test_the_preflight_looks_for_nothing_that_no_script_runs() -> None:
    assert needed() - used().keys() == set()
    assert len(needed()) > 10


def test_the_checks_run_only_what_they_looked_for() -> None:
    """Where one of these is missing, preflight reports that alone: the other checks would say wrong things."""
    of_checks = re.search(r'checks_use="([^"]*)"', TOOLS)
    assert of_checks
    assert set(of_checks[1].split()) <= needed() | COREUTILS
    with_guards = {"cat", "id", "uname", "modprobe", "getent", "sshd", "ctr", "systemctl", "timedatectl"}
    parts = [path for path in SCRIPTS if path.parent.name == "preflight" or path.name in ("preflight.sh", "login.sh")]
    assert len(parts) > 6
    run_by_checks = {name for name, where in used().items() if {path.name for path in parts} & set(where)}
    assert run_by_checks - with_guards == set(of_checks[1].split())


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("a one; b two | c && d || e & f", "a b c d e f"),
        ("# a\nb # c\nd#e", "b"),
        ("x=$(a b) y=\"$(c \"$(d e)\")\" f 'g; h'", "a c d f"),
        ("if a; then b; elif ! c; then { d; }; fi", "a b c d"),
        ("case $(a) in b | c) d ;; e) f ;; esac; g", "a d f g"),
        ("for a in b c; do d; done <e", "d"),
        ("timeout 5 a; exec b; (c; d)", "timeout a b c d"),
        ("a <<END\nb; c\nEND\nd", "a d"),
        ("a() { b; }; \"$c\" d; e/f g; $((h + 1)) i", "a b"),
    ],
)  # fmt: skip
def test_the_commands_of_a_script(script: str, found: str) -> None:
    assert commands(script) - SHELL == set(found.split())

"""By which proxy the deployer downloads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.hosts.deployer import by_proxy


@pytest.mark.parametrize(
    ("declared", "secret", "environment"),
    [
        ({}, {}, {}),
        ({"http_proxy": "http://192.0.2.9:3128"}, {}, {"http_proxy": "http://192.0.2.9:3128"}),
        ({"https_proxy": "http://a"}, {"https_proxy": "http://u:p@a"}, {"https_proxy": "http://u:p@a"}),
        ({"no_proxy": "{{ groups.all }}", "https_proxy": "http://a"}, {}, {"https_proxy": "http://a"}),
        ({"no_proxy": "a", "additional_no_proxy": "b"}, {}, {"no_proxy": "a,b"}),
        ({"http_proxy": "", "https_proxy": 1, "proxy": "x"}, {}, {}),
    ],
)
def test_the_environment_is_what_is_declared(
    declared: dict[str, object], secret: dict[str, object], environment: dict[str, str]
) -> None:
    assert by_proxy.environment(declared, secret) == environment


def test_the_secret_is_in_no_command_line_and_a_file_may_be_missing(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"http_proxy": "http://u:p@192.0.2.9"}), encoding="utf-8")
    show = ["sh", "-c", 'echo "$http_proxy"; tr "\\0" " " </proc/$$/cmdline']
    done = subprocess.run(
        [sys.executable, "-I", by_proxy.__file__, tmp_path / "none", secrets, *show],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, _, line = done.stdout.partition("\n")
    assert first == "http://u:p@192.0.2.9"
    assert "u:p" not in line

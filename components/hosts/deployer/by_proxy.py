"""by_proxy.py DECLARED SECRETS COMMAND...: runs a command by the proxy that is declared for Kubespray.

DECLARED and SECRETS are files with variables as JSON objects; both may be missing. A proxy with a password is among the
secret variables: it is in the environment of the command, which only root can read, and in no command line. The module
imports the standard library only, so that any Python runs it by its path.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

_NAMES = ("http_proxy", "https_proxy", "no_proxy")


def environment(declared: Mapping[str, object], secret: Mapping[str, object]) -> dict[str, str]:
    """Return the environment variables for the declared proxy. Expressions of Ansible are left out."""
    variables = {**declared, **secret}
    values = {name: variables.get(name) for name in _NAMES}
    further = variables.get("additional_no_proxy")
    if isinstance(values["no_proxy"], str) and isinstance(further, str):
        values["no_proxy"] += f",{further}"
    return {name: value for name, value in values.items() if isinstance(value, str) and value and "{{" not in value}


def _read(file: str) -> Mapping[str, object]:
    path = Path(file)
    data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return data if isinstance(data, dict) else {}


def main() -> None:
    """Replace this process by the command."""
    declared, secret, *command = sys.argv[1:]
    os.execvpe(command[0], command, {**os.environ, **environment(_read(declared), _read(secret))})  # noqa: S606


if __name__ == "__main__":
    main()

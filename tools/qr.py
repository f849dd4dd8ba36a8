"""`python -m tools.qr CLIENT`: a roaming client's configuration as a QR code in the terminal, for the WireGuard app.

The configuration is secret: it is read from Pulumi through a pipe, and is written to a terminal only, never to a file.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from tools import pulumi
from tools.errors import ToolError

_QUIET = 4
"""Width of the light margin around a code in modules (ISO/IEC 18004)."""
_COLOURS = "\x1b[38;5;16;48;5;231m"
"""Black on white, whatever the terminal's own colours are."""
_RESET = "\x1b[0m"
_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
"""Characters for two modules, one above the other; True is dark."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the code; return the exit code, which is 1 after an error message."""
    parser = argparse.ArgumentParser(prog="python -m tools.qr", description=__doc__.partition("\n")[0])
    parser.add_argument("client", help="name below `clients` in the stack's configuration")
    parser.add_argument("--stack", help="default: the selected one")
    options = parser.parse_args(arguments)
    if not sys.stdout.isatty():
        print(
            "error: the code is secret: it is shown on a terminal only, not in a file or a pipe",
            file=sys.stderr,
        )
        return 1
    try:
        shown = picture(modules(configuration(options.client, options.stack)))
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    columns = shutil.get_terminal_size().columns
    width = shown.index("\n") - len(_COLOURS) - len(_RESET)
    if columns < width:
        print(f"error: the terminal has {columns} columns, but the code needs {width}: make it wider", file=sys.stderr)
        return 1
    print(shown)
    return 0


def configuration(client: str, stack: str | None) -> str:
    """Return a client's configuration from the stack's outputs. Secret. Raises ToolError when there is none."""
    words = ["pulumi", "stack", "output", "clients", "--show-secrets", "--json", "--non-interactive"]
    words += ["--stack", stack] if stack else []
    environment = dict(os.environ) if shutil.which("pulumi") else pulumi.environment()
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        msg = f"`{' '.join(words)}` failed; has `pulumi up` run with clients?\n{done.stderr.strip()}"
        raise ToolError(msg)
    clients: dict[str, str] = json.loads(done.stdout)
    if client not in clients:
        msg = f"there is no client {client}; declared are: {', '.join(sorted(clients)) or 'none'}"
        raise ToolError(msg)
    return clients[client]


def modules(text: str) -> list[list[bool]]:
    """Return the rows of a QR code with its margin; True is dark. Raises ToolError if the library segno is missing."""
    try:
        import segno  # noqa: PLC0415 - optional
    except ImportError:
        raise ToolError(
            "the Python library segno is missing: `.venv/bin/pip install segno`, or use the program qrencode:\n"
            "  pulumi stack output clients --show-secrets --json | jq -r '.\"CLIENT\"' | qrencode -t ansiutf8"
        ) from None
    code = segno.make_qr(text, error="l", boost_error=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(border=_QUIET)]


def picture(rows: list[list[bool]]) -> str:
    """Return the text for a terminal."""
    light = [False] * len(rows[0])
    lower = [*rows[1::2], light][: len(rows[::2])]
    lines = [
        "".join(_BLOCKS[pair] for pair in zip(top, bottom, strict=True))
        for top, bottom in zip(rows[::2], lower, strict=True)
    ]
    return "\n".join(f"{_COLOURS}{line}{_RESET}" for line in lines)


if __name__ == "__main__":
    sys.exit(main())

"""Downloads that fail quickly where the network is closed."""

import shutil
import threading
import urllib.error
import urllib.request
from pathlib import Path

from tools.errors import ToolError

CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0


class UnreachableError(ToolError):
    """A server does not answer. Callers then try another source."""


def fetch_text(url: str, *, within: float = CONNECT_SECONDS) -> str:
    """Return a small text file. Raises UnreachableError after `within` seconds, including name resolution."""
    answers: list[str] = []
    problems: list[Exception] = []

    def get() -> None:
        try:
            with _open(url, within) as response:
                answers.append(response.read().decode())
        except (OSError, ValueError) as error:
            problems.append(error)

    # A thread, because the resolver of the C library has no timeout.
    thread = threading.Thread(target=get, daemon=True)
    thread.start()
    thread.join(within)
    if answers:
        return answers[0]
    message = f"no answer from {url} ({_reason(problems[0]) if problems else f'none within {within:.0f} s'})"
    raise UnreachableError(message)


def fetch_file(url: str, target: Path) -> None:
    """Download to a file. Raises UnreachableError when the download fails or stalls for half a minute."""
    try:
        with _open(url, _READ_SECONDS) as response, target.open("wb") as file:
            shutil.copyfileobj(response, file, 1 << 20)
    except OSError as error:
        message = f"download of {url} failed ({_reason(error)})"
        raise UnreachableError(message) from error


def _open(url: str, timeout: float) -> "urllib.response.addinfourl":  # the type of the standard library's stubs
    if not url.startswith("https://"):
        message = f"only https URLs are allowed, not {url}"
        raise ValueError(message)
    response: urllib.response.addinfourl = urllib.request.urlopen(url, timeout=timeout)  # noqa: S310 - https, see above
    return response


def _reason(error: Exception) -> str:
    return str(error.reason) if isinstance(error, urllib.error.URLError) else str(error)

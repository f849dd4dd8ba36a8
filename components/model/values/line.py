"""Lines of text, file names, and data of any form that is written as YAML and JSON."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

DEEPEST = 40
"""Most levels of a value: readers and writers of YAML and JSON are recursive."""
LONGEST_TEXT = 65536
LONGEST_KEY = 320
"""Characters: a prefix of a label, 253, and its name, 63."""
_LARGEST = 2**63


def is_line(text: str) -> bool:
    """Whether a text is one line of printable characters."""
    return text.isprintable()


def is_file_name(text: str) -> bool:
    """Whether a text can name a file: one line; with a leading `~` it names an existing user's home."""
    try:
        Path(text).expanduser()
    except (RuntimeError, ValueError):
        return False
    return (
        is_line(text)
        and len(text) <= 1000
        and all(len(part.encode(errors="replace")) <= 255 for part in text.split("/"))
    )


def faults(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield path and reason for each value, or value inside it, that YAML and JSON cannot represent."""
    if depth > DEEPEST:
        yield path, f"has more than {DEEPEST} levels"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            below = f"{path}.{key}" if path else str(key)
            yield from _of_text(below, str(key), LONGEST_KEY)
            yield from faults(item, below, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from faults(item, path, depth + 1)
    elif isinstance(value, str):
        yield from _of_text(path, value, LONGEST_TEXT)
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, f"{value} is not a number"
    elif isinstance(value, int | float) and abs(value) >= _LARGEST:
        yield path, "is a number of more than 64 bits"


def _of_text(path: str, text: str, most: int) -> Iterator[tuple[str, str]]:
    if len(text) > most:
        yield path, f"is a text of {len(text)} characters"
    elif "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        yield path, "has a NUL, or half of a character"

"""The one way to a line of a file for hosts: a line that was not meant cannot be written."""

from collections.abc import Iterable


def lines(texts: Iterable[str]) -> str:
    """Return each text as a line of its own.

    ValueError when one has a character that ends a line, or another control character, for whatever reads it: values
    are checked where they are read, and what gets here nevertheless is a fault of the program.
    """
    return "".join(f"{one_line(text)}\n" for text in texts)


def one_line(text: str) -> str:
    """Return a text that is one line of printable characters; ValueError for others."""
    if not text.isprintable():
        msg = f"not one line of text: {text!r}"
        raise ValueError(msg)
    return text

"""A camera in front of a terminal that shows a QR code."""

import re

import zxingcpp

SCALE = 4
"""Pixels of a module."""


def seen(printed: str) -> str:
    """What a camera in front of the terminal reads."""
    dark = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    rows = []
    for line in printed.strip().splitlines():
        colour, text, reset = re.fullmatch(r"(\x1b\[[\d;]+m)([ ▀▄█]+)(\x1b\[0m)\r?", line).groups()  # type: ignore[union-attr]
        assert (colour, reset) == ("\x1b[38;5;16;48;5;231m", "\x1b[0m")
        rows += [[dark[one][half] for one in text] for half in (0, 1)]
    pixels = bytes(0 if module else 255 for row in rows for _ in range(SCALE) for module in row for _ in range(SCALE))
    image = memoryview(pixels).cast("B", shape=(len(rows) * SCALE, len(rows[0]) * SCALE))
    found = zxingcpp.read_barcodes(image)
    assert len(found) == 1
    return str(found[0].text)

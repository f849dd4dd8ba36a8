"""Widths of texts, estimated generously, because the viewer's font is unknown."""

_WIDTHS = {
    **dict.fromkeys("iIlj.,:;|!' ", 0.36),
    **dict.fromkeys('frt()[]{}/\\-"', 0.46),
    **dict.fromkeys("mwMW@%", 0.98),
    **dict.fromkeys("GOQDHNU", 0.79),
    "…": 1.0,
}
"""Widths of letters in ems: those of DejaVu Sans, which is wider than most fonts, rounded up in groups."""
_OTHERS = 0.64
_UPPER = 0.72
_BOLD = 1.12


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width in pixels of a text whose font size is `size` pixels."""
    ems = sum(_WIDTHS.get(letter, _UPPER if letter.isupper() else _OTHERS) for letter in text)
    return ems * size * (_BOLD if bold else 1)


def cut(text: str, most: float, size: float, *, bold: bool = False) -> str:
    """Return the text, cut to at most `most` pixels: its beginning, and an ellipsis."""
    if width(text, size, bold=bold) <= most:
        return text
    while text and width(f"{text}…", size, bold=bold) > most:
        text = text[:-1]
    return f"{text.rstrip(' ,')}…"

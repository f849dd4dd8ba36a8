"""How wide texts are, estimated on the safe side: which font a viewer takes is not known."""

_WIDTHS = {
    **dict.fromkeys("iIlj.,:;|!' ", 0.36),
    **dict.fromkeys('frt()[]{}/\\-"', 0.46),
    **dict.fromkeys("mwMW@%", 0.98),
    **dict.fromkeys("GOQDHNU", 0.79),
    "…": 1.0,
}
"""In ems, those of DejaVu Sans, which is wider than what most systems have, rounded up in groups."""
_OTHERS = 0.64
_UPPER = 0.72
_BOLD = 1.12


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width in pixels of a text of this size in pixels."""
    ems = sum(_WIDTHS.get(one, _UPPER if one.isupper() else _OTHERS) for one in text)
    return ems * size * (_BOLD if bold else 1)


def cut(text: str, most: float, size: float, *, bold: bool = False) -> str:
    """Return a text that is at most so wide: its beginning, with an ellipsis where something is missing."""
    if width(text, size, bold=bold) <= most:
        return text
    while text and width(f"{text}…", size, bold=bold) > most:
        text = text[:-1]
    return f"{text.rstrip(' ,')}…"

"""Reading of node labels."""

from components.model.problems import shown
from components.model.read.fields import Fields

OF_THE_PROGRAM = ("site", "institution")


def read_labels(fields: Fields) -> dict[str, str]:
    """Return the labels, without those that cannot be read or that the program sets."""
    result: dict[str, str] = {}
    for key in fields.names():
        value = fields.raw(key)
        if key in OF_THE_PROGRAM:
            fields.wrong("own-label", key, "is set by the program", f"remove it; it comes from the {key}")
        elif isinstance(value, str):
            result[key] = value
        else:
            fields.wrong("not-a-text", key, f"{shown(value)} is not a string", 'quote it, for example `rack: "12"`')
    return result

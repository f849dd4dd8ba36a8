"""The names of the secret variables that changed. Values are never shown."""

import json


def changed_names(before: str, after: str) -> tuple[str, ...]:
    """Return the names of top-level variables that differ, sorted. Both are JSON objects, or empty for none.

    Raises ValueError for any other text; its message has no value.
    """
    old, new = _object(before), _object(after)
    return tuple(sorted(name for name in {*old, *new} if name not in old or name not in new or old[name] != new[name]))


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text.strip() or "{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        message = "the secret variables are not a JSON object"
        raise ValueError(message)  # noqa: TRY004 - a text, not a type, is wrong
    return value

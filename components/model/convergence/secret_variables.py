"""Which secret variables changed, by their names: names are shown, values never are."""

import json


def changed_names(before: str, after: str) -> tuple[str, ...]:
    """Return the names of top-level variables that differ, sorted. Both are JSON objects, or empty for none.

    Raises ValueError, without any value in it, when one is neither.
    """
    old, new = _object(before), _object(after)
    return tuple(sorted(name for name in {*old, *new} if name not in old or name not in new or old[name] != new[name]))


def _object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text.strip() or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        message = "the secret variables are no JSON object"
        raise ValueError(message)  # noqa: TRY004 - a text, not a type, is wrong
    return found

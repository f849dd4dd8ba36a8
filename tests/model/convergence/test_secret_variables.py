"""Secret variables are compared by value and named, never shown."""

import json

import pytest

from components.model.convergence.secret_variables import changed_names


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ({}, {}, ()),
        ({"a": 1}, {"a": 1}, ()),
        ({"a": 1, "b": None}, {"a": 2}, ("a", "b")),
        ({}, {"b": None, "a": ""}, ("a", "b")),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [2, 1]}}, ("a",)),
    ],
)
def test_names_of_those_that_differ(before: object, after: object, names: tuple[str, ...]) -> None:
    assert changed_names(json.dumps(before), json.dumps(after)) == names


def test_no_text_is_none_of_them() -> None:
    assert changed_names("", "{}\n") == ()
    assert changed_names("\n", '{"a": 1}') == ("a",)


@pytest.mark.parametrize("text", ["hunter2", '["hunter2"]', '{"a": "hunter2"'])
def test_what_is_no_object_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="not a JSON object") as caught:
        changed_names(text, "{}")
    assert "hunter2" not in str(caught.value)

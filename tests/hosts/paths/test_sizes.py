"""The search for the largest packet, against paths that are made up."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.hosts.paths.sizes import LEAST, UNIT, inside, largest, steps


class Paths:
    """Paths that carry what WireGuard makes of a packet, up to a size each; counts the rounds of questions."""

    def __init__(self, carried: dict[str, int], top: int) -> None:
        self.carried = carried
        self.top = top
        self.rounds = 0

    def answered(self, questions: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
        self.rounds += 1
        assert all(LEAST <= size <= self.top for _, size in questions)
        return {
            (name, size) for name, size in questions if min(-(-size // UNIT) * UNIT, self.top) <= self.carried[name]
        }


def found(carried: dict[str, int], top: int) -> tuple[dict[str, int], int]:
    paths = Paths(carried, top)
    return largest(carried, top, paths.answered), paths.rounds


def test_a_path_of_1400_bytes_carries_packets_of_1328() -> None:
    assert found({"thin": 1400 - 60, "wide": 1500 - 60, "ipv6": 1400 - 80}, 1420)[0] == {
        "thin": 1328,
        "wide": 1420,
        "ipv6": 1312,
    }


def test_who_carries_everything_is_asked_once() -> None:
    assert found({"wide": 1440}, 1420) == ({"wide": 1420}, 1)
    assert found({}, 1420) == ({}, 1)


def test_a_bad_moment_is_not_a_narrow_path() -> None:
    paths = Paths({"slow": 1440}, 1420)

    def answered(questions: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
        return paths.answered(questions) - ({("slow", 1420)} if paths.rounds == 1 else set())

    assert largest(["slow"], 1420, answered) == {"slow": 1420}
    assert paths.rounds == 3


def test_less_than_the_least_is_told_as_nothing() -> None:
    assert found({"hopeless": LEAST - 1}, 1420)[0] == {"hopeless": 0}
    assert found({"hopeless": LEAST - 1}, LEAST)[0] == {"hopeless": 0}


@given(
    top=st.integers(LEAST, 8920),
    carried=st.dictionaries(st.text(max_size=3), st.integers(1200, 9000), max_size=5),
)
def test_it_finds_the_largest_in_few_rounds(top: int, carried: dict[str, int]) -> None:
    sizes, rounds = found(carried, top)
    for name, size in sizes.items():
        every = [*range(LEAST, top, UNIT), top]
        passing = [one for one in every if min(-(-one // UNIT) * UNIT, top) <= carried[name]]
        assert size == max(passing, default=0)
    assert rounds <= 5


def test_steps_are_few_and_begin_with_the_least() -> None:
    assert list(steps(0, 1420)) == list(range(1280, 1420, 16))
    assert list(steps(1328, 1344)) == []
    assert steps(0, 8920)[0] == LEAST
    assert len(steps(0, 8920)) <= 17
    assert steps(1280, 1760)[0] > 1280


@pytest.mark.parametrize(
    ("outer", "ipv6", "top", "expected"),
    [
        (1500, False, 1420, 1420),
        (1500, True, 1420, 1420),
        (1492, False, 1420, 1420),
        (1492, True, 1420, 1408),
        (1400, False, 1420, 1328),
        (1400, True, 1420, 1312),
        (1340, False, 1420, 1280),
        (1300, False, 1420, 1232),
        (1500, False, 8920, 1440),
    ],
)
def test_what_fits_whole_into_outer_packets(outer: int, ipv6: bool, top: int, expected: int) -> None:
    assert inside(outer, ipv6=ipv6, top=top) == expected

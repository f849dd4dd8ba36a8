"""Every recorded exchange of the official plug-ins, asked again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.recorded import TABLES, Exchange, comparable, exchanges

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.plugins.bed import Bed

EXCHANGES = exchanges()
Outcomes = dict[int, tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture(scope="module")
def outcomes(bed: Bed, plugins: dict[str, Path]) -> Iterator[Outcomes]:
    """Exchange number -> what was recorded and what came now. In the order of the recording: states build up."""
    clients = {name: bed.plugin(path) for name, path in plugins.items()}
    try:
        yield {exchange.number: _replay(exchange, bed, clients) for exchange in EXCHANGES}
    finally:
        for client in clients.values():
            client.close()


def _replay(exchange: Exchange, bed: Bed, clients: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    recorded = exchange.fitted(bed)
    request = recorded["request"]
    answer = clients[exchange.plugin].call(exchange.method, request)
    expected: dict[str, Any] = {key: recorded[key] for key in ("response", "errors") if key in recorded}
    actual = {"errors": list(answer.errors)} if answer.errors else {"response": answer.response}
    return comparable(exchange.method, request, expected), comparable(exchange.method, request, actual)


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.name)
def test_the_answer_is_the_recorded_one(exchange: Exchange, outcomes: Outcomes) -> None:
    expected, actual = outcomes[exchange.number]
    assert actual == expected


def test_no_exchange_of_the_recording_is_left_out(
    outcomes: Outcomes, plugins: dict[str, Path], request: pytest.FixtureRequest
) -> None:
    same = Counter((e.plugin, e.method) for e in EXCHANGES if outcomes[e.number][0] == outcomes[e.number][1])
    asked = Counter((e.plugin, e.method) for e in EXCHANGES)
    rows = [
        f"{plugin:8} {method:14} {same[plugin, method]:4} of {asked[plugin, method]:4}"
        for plugin, method in sorted(asked)
    ]
    title = f"answers as recorded, by {plugins['command'].parent}"
    request.config.stash.setdefault(TABLES, []).append(
        [title, *rows, f"{'all':23} {same.total():4} of {asked.total():4}"]
    )
    assert asked.total() == 198

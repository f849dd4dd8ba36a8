"""What is measured, what is made of it, and how etcd's timers are judged."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.model.cluster.etcd_timers import Timers, too_slow
from components.model.configuration import parse
from components.model.mesh.links import Link, Measured, measured, measurement_plan, measuring, narrowest, ways
from components.model.mesh.routing import Routes, route
from components.model.report.etcd_warning import etcd_warning
from components.model.report.link_table import links_table, narrow_note
from components.model.report.readme import readme
from components.model.spec import Spec
from tests.support.examples import HOST_KEY, changed, example, host_key, overview, paths_sites, read, three_sites
from tests.support.tables import cells


def slow_for_etcd(spec: Spec, found: Iterable[Link]) -> str | None:
    slow = too_slow(spec, found)
    return etcd_warning(slow) if slow else None


@pytest.fixture(scope="module")
def spec() -> Spec:
    return parse(paths_sites(), read)


@pytest.fixture(scope="module")
def routes(spec: Spec) -> Routes:
    return route(spec)


PRINTED = """\
{"between": ["hub", "far"], "rtt": 80.4, "mtu": 1420, "mbps": [95.4, 140]}
{"problem": "throughput between far and thin: thin: timed out"}
{"between": ["far", "thin"], "rtt": 100, "mtu": 1328}
{"between": ["hub", "gone"], "rtt": 1, "mtu": 1420}
{"between": ["dsl", "hub"]}
Traceback
"""


def test_a_site_is_measured_at_its_gateway_or_its_first_node(spec: Spec) -> None:
    assert {site: node.name for site, node in measuring(spec).items()} == {
        "dsl": "dsl1.lab.test",
        "far": "far1.lab.test",
        "hub": "hub1.lab.test",
        "thin": "thin1.lab.test",
    }
    assert measuring(parse(three_sites(), read))["oneport"].name == "gate.lab.test"
    assert measuring(example())["mwt2"].name == "uchicago002.hl-lhc.io"


def test_pairs_of_etcds_sites_come_first_because_the_time_is_limited(spec: Spec) -> None:
    assert measurement_plan(spec)["pairs"] == [
        ["far", "hub"],
        ["far", "thin"],
        ["hub", "thin"],
        ["dsl", "far"],
        ["dsl", "hub"],
        ["dsl", "thin"],
    ]
    assert measurement_plan(spec)["sites"] == {
        node.site: {"address": str(node.address), "port": 22, "user": "root", "hostKey": host_key(node.name)}
        for node in measuring(spec).values()
    }


def test_it_is_measured_again_when_a_hop_or_its_endpoint_is_another_one_and_not_otherwise(spec: Spec) -> None:
    worker = {"address": "192.168.9.77", "endpoint": "192.0.2.77", "ssh": {"hostKey": HOST_KEY}}

    def now(path: str, value: object, config: dict[str, object] | None = None) -> str:
        other = parse(changed(path, value, config or paths_sites()), read)
        return ways(other, route(other))

    before = ways(spec, route(spec))
    assert now("sites/hub/nodes/hub1.lab.test/endpoint", "192.0.2.11:4500") != before
    assert now("mesh/mtu", 1400) != before
    assert now("sites/dsl", None) != before
    assert now("sites/hub/nodes/hub2.lab.test", worker) == before
    two = changed("sites/hub/nodes/hub2.lab.test", worker, paths_sites())
    assert now("sites/hub/gateway", "hub2.lab.test", two) != before
    assert now("sites/hub/nodes/hub1.lab.test/labels", {"rack": "1"}) == before
    assert now("mesh/rotation", "2") == before


def test_what_was_printed_becomes_links_between_declared_sites_and_problems(spec: Spec, routes: Routes) -> None:
    result = measured(spec, routes, PRINTED)
    links, problems = result.links, result.problems
    assert links == (
        Link(("dsl", "hub"), ("dsl1.lab.test", "hub1.lab.test"), "direct", None, None, None),
        Link(("far", "hub"), ("far1.lab.test", "hub1.lab.test"), "direct", 80.4, 1420, (140, 95.4)),
        Link(("far", "thin"), ("far1.lab.test", "thin1.lab.test"), "relay", 100, 1328, None),
    )
    assert problems == ("throughput between far and thin: thin: timed out", "cannot parse: Traceback")
    assert links[1].data() == {
        "between": ["far", "hub"],
        "nodes": ["far1.lab.test", "hub1.lab.test"],
        "kind": "direct",
        "latencyMs": 80.4,
        "mtu": 1420,
        "throughputMbps": 140,
        "throughputBackMbps": 95.4,
    }
    assert links[2].data()["throughputMbps"] is None


@pytest.mark.parametrize("line", ["[]", "1", '"x"', "null", "{}", '{"between": 5}', '{"between": [["a"]]}', "{"])
def test_what_is_not_understood_is_a_problem_and_no_crash(spec: Spec, routes: Routes, line: str) -> None:
    assert measured(spec, routes, f"{line}\n") == Measured(problems=(f"cannot parse: {line}",))


@settings(deadline=None)
@given(st.text())
def test_nothing_that_is_printed_ends_the_program(printed: str) -> None:
    spec = example()
    measured(spec, route(spec), printed)


def test_the_table_and_what_a_narrow_path_means(spec: Spec, routes: Routes) -> None:
    links = measured(spec, routes, PRINTED).links
    assert cells(links_table(links)) == (
        "| site | other site | kind | round trip, ms | MTU | Mbit/s to it | Mbit/s from it |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| dsl | hub | direct | ? | ? | ? | ? |\n"
        "| far | hub | direct | 80.4 | 1420 | 140 | 95.4 |\n"
        "| far | thin | relay | 100 | 1328 | ? | ? |"
    )
    assert links_table(()) == ""
    assert narrowest(links, 1420) == 1328
    assert "`mesh.mtu: 1328`" in narrow_note(1328, 1420)
    assert narrow_note(narrowest(links, 1328), 1328) == narrow_note(narrowest((), 1420), 1420) == ""


def test_the_readme_has_the_table_once_something_was_measured(spec: Spec, routes: Routes) -> None:
    assert "Measured" not in readme(overview(spec), "lab")
    text = readme(overview(spec), "lab", measured(spec, routes, PRINTED))
    assert "\n## Measured between sites\n| site " in text
    assert text.index("## Reachability") < text.index("## Measured") < text.index("## For the network groups")


def links(far_thin: float | None, dsl_far: float = 1.0) -> list[Link]:
    nodes = ("x", "y")
    return [
        Link(("far", "thin"), nodes, "relay", far_thin, 1420, None),
        Link(("dsl", "far"), nodes, "relay", dsl_far, 1420, None),
    ]


def timers(heartbeat: object, election: object) -> Spec:
    variables = {"etcd_heartbeat_interval": heartbeat, "etcd_election_timeout": election}
    return parse(changed("kubernetes/variables", variables, paths_sites()), read)


def test_round_trips_that_suit_the_timers_are_no_warning(spec: Spec) -> None:
    assert slow_for_etcd(spec, links(250)) is None
    assert slow_for_etcd(spec, links(None)) is None
    assert slow_for_etcd(spec, []) is None


def test_the_longest_round_trip_between_members_is_a_warning_with_the_values_to_write(spec: Spec) -> None:
    assert slow_for_etcd(spec, links(310)) == (
        "etcd's members are too far apart for its timers: a round trip between far and thin takes 310 ms, the heartbeat "
        'interval is 250 ms, the election timeout 5000. Write `etcd_heartbeat_interval: "400"` and '
        '`etcd_election_timeout: "5000"` below kubernetes.variables, or give the role etcd to nodes that are nearer'
    )


def test_sites_without_a_member_do_not_count(spec: Spec) -> None:
    assert slow_for_etcd(spec, links(20, dsl_far=900)) is None


def test_the_users_own_timers_count_also_those_of_a_single_member() -> None:
    assert slow_for_etcd(timers("400", "5000"), links(310)) is None
    assert "heartbeat interval is 100 ms" in str(slow_for_etcd(timers(100, 1000), links(120)))
    own = changed("sites/thin/nodes/thin1.lab.test/variables", {"etcd_heartbeat_interval": "50"}, paths_sites())
    assert "heartbeat interval is 50 ms" in str(slow_for_etcd(parse(own, read), links(60)))
    assert slow_for_etcd(timers("{{ heartbeat }}", 1000), links(900)) is None, "a template cannot be judged"


def test_an_election_timeout_alone_can_be_too_short() -> None:
    assert '`etcd_election_timeout: "2500"`' in str(slow_for_etcd(timers(250, 1000), links(120)))


def test_what_etcd_cannot_be_set_to_is_not_proposed(spec: Spec) -> None:
    assert str(slow_for_etcd(spec, links(4500))).endswith("give the role etcd to nodes that are nearer")
    assert "Write" not in str(slow_for_etcd(spec, links(4500)))


@given(st.floats(0.1, 4000), st.integers(1, 1000), st.integers(10, 10_000))
def test_what_is_proposed_suits_and_is_what_etcd_takes(round_trip: float, heartbeat: int, election: int) -> None:
    wider = Timers(heartbeat, election).widened(round_trip)
    assert wider.suit(round_trip)
    assert wider.election >= 5 * wider.heartbeat
    assert wider.heartbeat >= heartbeat
    assert wider.election >= election

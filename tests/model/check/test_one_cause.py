"""One cause gives one message, which says what to write."""

import pytest

from components.model.problems import Problem
from tests.support.examples import changed, configuration, three_sites
from tests.support.mistakes import problems_of

UVIC = "sites/uvic/nodes/uvic001.hl-lhc.io"
CLOSED1 = "sites/closed/nodes/closed1.lab.test"


@pytest.mark.parametrize(
    ("config", "path", "value", "code", "instead"),
    [
        (configuration(), f"{UVIC}/endpoint", "206.12.98.227;51820", "not-an-endpoint", "`endpoint: 192.0.2.7:51820`"),
        (configuration(), "mesh/cidr", "192.168.0.0", "not-a-network", "write `cidr: 192.168.0.0/24`"),
        (configuration(), "mesh/cidr", "192.168.0.7/24", "not-a-network", "write `cidr: 192.168.0.0/24`"),
        (configuration(), "kubernetes/podCidr", "10.233.65.0/18", "not-a-network", "`podCidr: 10.233.64.0/18`"),
        (three_sites(), "sites/oneport/lan", "10.1.0.7/24", "not-a-network", "write `lan: 10.1.0.0/24`"),
        (configuration(), "sites/uvic/nodes", ["uvic001.hl-lhc.io"], "not-a-mapping", "`name: value` pairs"),
        (configuration(), "sites", ["uvic"], "not-a-mapping", "`name: value` pairs"),
        (three_sites(), f"{CLOSED1}/keepalive", "25s", "not-a-number", "write `keepalive: 25`"),
        (configuration(), f"{UVIC}/keepalive", "often", "not-a-number", "write for example `keepalive: 25`"),
        (configuration(), f"{UVIC}/ssh", {"host": "192.0.2.5:2222"}, "not-a-host", "write `host: 192.0.2.5` and `port: 2222`"),
        (configuration(), "sites/uvic/institution", "u vic", "not-a-label", "letters, digits"),
        (configuration(), f"{UVIC}/labels", {"site": False}, "own-label", "remove it; it comes from the site"),
        (configuration(), f"{UVIC}/roles", ["master"], "not-a-role", "write some of control-plane, etcd, worker"),
    ],
)  # fmt: skip
def test_it_is_reported_once(config: dict[str, object], path: str, value: object, code: str, instead: str) -> None:
    actual = problems_of(changed(path, value, config))
    assert [problem.code for problem in actual] == [code], [str(problem) for problem in actual]
    assert instead in str(actual[0])


def only(config: dict[str, object]) -> Problem:
    (problem,) = problems_of(config)
    return problem


def test_a_ports_mistake_in_the_apis_address_is_reported_of_the_port() -> None:
    assert "a port is a number from 1 to 65535" in only(changed("kubernetes/apiAddress", "192.0.2.2:70000")).what


def test_an_underscore_becomes_what_is_allowed() -> None:
    node = {"institution": "uchicago", "endpoint": "192.0.2.99", "ssh": {"hostKey": "x"}}
    actual = problems_of(changed("sites/mwt2/nodes/uchicago_006.hl-lhc.io", node))
    assert "write for example `uchicago-006.hl-lhc.io`" in [problem.instead for problem in actual]


def test_the_mistake_of_an_institution_stands_where_it_is_written() -> None:
    config = changed("sites/aglt2/institution", "a b", configuration())
    for name in ("umich001", "msu001"):
        config = changed(f"sites/aglt2/nodes/{name}.hl-lhc.io/institution", "x", config)
        del config["sites"]["aglt2"]["nodes"][f"{name}.hl-lhc.io"]["institution"]  # type: ignore[index]
    assert only(config).path == "sites.aglt2.institution"


def test_hosts_without_any_known_hosts_file_are_reported_with_what_is_missing() -> None:
    actual = problems_of(changed("ssh/knownHostsFile", None))
    assert {problem.what for problem in actual} == {"is missing, and there is no `ssh.knownHostsFile`"}

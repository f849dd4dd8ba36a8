"""Who leads: what is declared, else what the last run had; the alphabet decides before the first run only."""

from dataclasses import replace

import pytest

from components.model.cluster.declared import declared
from components.model.cluster.leaders import Leaders, leaders
from components.model.configuration import parse
from components.model.convergence.refusals import refusals
from components.model.convergence.state import State
from components.model.spec import Spec
from tests.hosts.deployer.place import cluster
from tests.support.examples import changed, read


def spec(nodes: str, **kubernetes: object) -> Spec:
    config = changed("kubernetes/deployer", None, cluster(leaders=nodes, workers="x y"))
    for name, value in kubernetes.items():
        config = changed(f"kubernetes/{name}", value, config)
    return parse(config, read)


def known(nodes: str, **fields: str) -> State:
    return replace(declared(spec(nodes), "v1"), **fields)  # type: ignore[arg-type]


def test_before_the_first_run_the_first_by_alphabet_leads() -> None:
    assert leaders(spec("k l m"), None) == Leaders("k", "k", ("k", "l", "m", "x", "y"))


def test_a_new_node_comes_last_whatever_its_name() -> None:
    assert leaders(spec("a k l m n"), known("l m n")) == Leaders("l", "l", ("l", "m", "n", "x", "y", "a", "k"))


def test_what_is_declared_wins() -> None:
    wanted = spec("a k l", deployer="x", firstControlPlane="k")
    assert leaders(wanted, known("k l m", deployer="l")) == Leaders("x", "k", ("k", "l", "x", "y", "a"))


def test_a_deployer_or_a_first_node_that_was_declared_once_stays() -> None:
    before = replace(known("k l m"), deployer="y", order=("m", "k", "l", "x", "y"))
    assert leaders(spec("k l m"), before) == Leaders("y", "m", ("m", "k", "l", "x", "y"))
    assert declared(spec("k l m"), "v1", before).deployer == "y"


def test_a_cluster_that_was_never_installed_has_no_order_yet() -> None:
    before = replace(known("l m n"), installed=False)
    assert leaders(spec("a l m"), before) == Leaders("l", "a", ("a", "l", "m", "x", "y"))


@pytest.mark.parametrize("gone", ["k", "y"])
def test_a_deployer_that_leaves_is_refused_with_the_way_out(gone: str) -> None:
    before = replace(known("k l m"), deployer=gone, order=("m", "k", "l", "x", "y"))
    without = parse(changed("kubernetes/deployer", None, cluster("l m n" if gone == "k" else "k l m", "x")), read)
    said = [str(problem) for problem in refusals(before, declared(without, "v1", before))]
    assert said == [
        f"kubernetes.deployer: {gone} is removed, and it holds the record of the cluster; declare it again with another "
        "`kubernetes.deployer`, run pulumi up, and remove it then"
    ]

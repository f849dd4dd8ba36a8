"""A small cluster that goes through its life: by real Kubespray where a checkout and its mirror's rest are given."""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.lab.claim import claimed
from tests.lab.place import STACK, Place
from tests.lifecycle.stack import BEFORE, Stack
from tests.support.examples import TREE

KUBESPRAY, MIRROR_EXTRA = os.environ.get("KUBESPRAY"), os.environ.get("MIRROR_EXTRA")
TOPOLOGY = TREE / "lab/topologies/lifecycle.yaml"


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack without a cluster, on the hosts of a lab of its own."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    with claimed(TOPOLOGY) as somebodys:
        place = Place(TOPOLOGY)
        assert not somebodys, f"a lab `{place.layout.name}` is up already, made by somebody else"
        print(place.lab("up").stdout)
        base = TREE / f"Pulumi.{STACK}.yaml"
        if KUBESPRAY and MIRROR_EXTRA:
            print(f"by real Kubespray, {KUBESPRAY}")
            print(place.lab("kubespray", KUBESPRAY, MIRROR_EXTRA, "--versions", f"{BEFORE},1.35.4").stdout)
            base = place.layout.access / "kubespray" / base.name
        else:
            print("by the stand-in: for real Kubespray set KUBESPRAY=CHECKOUT and MIRROR_EXTRA=DIR, see docs/lab.md")
            print(place.lab("mirror", BEFORE).stdout)
        made = Stack(TOPOLOGY, tmp_path_factory.mktemp("stack"), base)
        made.begin()
        yield made


_failed: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what failed: every test builds on those before it."""
    report = yield
    if report.failed:
        _failed.append(item.name)
    return report


def pytest_runtest_setup() -> None:
    if _failed:
        pytest.skip(f"{_failed[0]} failed: the cluster is not where this test starts")

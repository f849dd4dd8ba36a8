"""A small cluster that goes through its life: by real Kubespray where a checkout and its mirror's rest are given.

Runs after tests/cluster, in the same lab: `tests/cluster/test_the_end.py` has left the hosts without a cluster.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.lab.place import HOSTS, LAYOUT, STACK, lab, on, pulumi
from tests.lifecycle.stack import BEFORE, Stack

KUBESPRAY, MIRROR_EXTRA = os.environ.get("KUBESPRAY"), os.environ.get("MIRROR_EXTRA")


@pytest.fixture(scope="session")
def stack(dev_lab: bool, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The stack `dev` without a cluster, on the lab's hosts."""
    if any(on(host, "sh", "-c", "ls -d /etc/kubernetes/pki 2>/dev/null", check=False) for host in HOSTS):
        if dev_lab:
            pytest.skip("the lab was up before the tests, with a cluster: it is somebody's and is not destroyed")
        pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)
    if KUBESPRAY and MIRROR_EXTRA:
        print(f"by real Kubespray, {KUBESPRAY}")
        print(lab("kubespray", KUBESPRAY, MIRROR_EXTRA, "--versions", f"{BEFORE},1.35.4").stdout)
        base = LAYOUT.access / "kubespray" / f"Pulumi.{STACK}.yaml"
    else:
        print("by the stand-in: for real Kubespray set KUBESPRAY=CHECKOUT and MIRROR_EXTRA=DIR, see docs/lab.md")
        print(lab("mirror", BEFORE).stdout)
        base = Path(f"Pulumi.{STACK}.yaml")
    lab("run", "pulumi", "stack", "select", "--create", STACK)
    return Stack(base, tmp_path_factory.mktemp("stack") / f"Pulumi.{STACK}.yaml")


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

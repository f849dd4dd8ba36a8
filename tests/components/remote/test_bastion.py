"""Hosts behind a bastion: what Pulumi is asked for, and what people are told when a connection fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from components.model.spec import Bastion, SshTarget
from components.remote.bastion import DIAL_ERROR_LIMIT, explain
from components.remote.connection import DIAL_ERROR_LIMIT as DIAL_ERROR_LIMIT_OF_HOSTS
from tests.support.examples import HOST_KEY, addresses
from tests.support.program import SECRET, SECRET_VALUE, Registered, run_program
from tests.support.registered import COMMAND, remote
from tests.support.uploads import uploaded_files

TARGET = SshTarget("10.4.0.11", 2222, "admin", HOST_KEY, Bastion("203.0.113.9", 2022, "jump", HOST_KEY))


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Registered]:
    return run_program(addresses(), tmp_path_factory.mktemp("program"))


def connection(resource: Registered) -> dict[str, object]:
    found = resource.inputs["connection"]
    assert isinstance(found, dict)
    value = found["value"] if found.get(SECRET) == SECRET_VALUE else found
    assert isinstance(value, dict)
    return value


def test_every_command_of_the_host_goes_through_its_bastion_whose_key_is_checked(
    resources: dict[str, Registered],
) -> None:
    mine = [connection(resource) for resource in remote(resources) if resource.name.startswith("mesh-closed.lab.test")]
    assert len(mine) >= 6
    for one in mine:
        proxy = one["proxy"]
        assert isinstance(proxy, dict)
        assert {name: proxy[name] for name in ("host", "port", "user", "hostKey", "dialErrorLimit")} == {
            "host": "203.0.113.9",
            "port": 2022,
            "user": "jump",
            "hostKey": HOST_KEY,
            "dialErrorLimit": DIAL_ERROR_LIMIT,
        }


def test_without_a_bastion_nothing_is_said_of_one(resources: dict[str, Registered]) -> None:
    others = [resource for resource in remote(resources) if not resource.name.startswith("mesh-closed.lab.test")]
    assert not [resource.name for resource in others if "proxy" in connection(resource)]


def test_the_question_whether_the_host_can_take_part_explains_its_failure(resources: dict[str, Registered]) -> None:
    explained = {resource.name: resource.on_error for resource in resources.values() if resource.on_error}
    assert explained == {"mesh-closed.lab.test-preflight": ("mesh-closed.lab.test-through-bastion",)}


def test_a_user_who_is_not_root_takes_sudo(resources: dict[str, Registered]) -> None:
    create = str(resources[f"{COMMAND} mesh-closed.lab.test-preflight"].inputs["create"])
    assert create.startswith("sudo -n timeout ")


FAILED = "rpc error: code = Unknown desc = proxy: after {} failed attempts: {}"


@pytest.mark.parametrize(
    ("tries", "why", "expected"),
    [
        (DIAL_ERROR_LIMIT, "dial tcp 203.0.113.9:2022: i/o timeout", "the bastion 203.0.113.9 (port 2022, user jump) cannot be used: dial tcp 203.0.113.9:2022: i/o timeout. Nothing is known about the hosts behind it."),
        (DIAL_ERROR_LIMIT, "ssh: handshake failed: ssh: host key mismatch", "the bastion 203.0.113.9 (port 2022, user jump) cannot be used: ssh: handshake failed"),
        (DIAL_ERROR_LIMIT_OF_HOSTS, "ssh: rejected: connect failed (No route to host)", "answers, but cannot connect to 10.4.0.11 (port 2222, user admin): ssh: rejected: connect failed (No route to host)."),
        (DIAL_ERROR_LIMIT_OF_HOSTS, "ssh: handshake failed: EOF", "answers, but 10.4.0.11 (port 2222, user admin) behind it lets nobody in: ssh: handshake failed: EOF."),
    ],
)  # fmt: skip
def test_the_end_that_failed_is_named(tries: int, why: str, expected: str) -> None:
    told = explain(TARGET, [FAILED.format(tries, why)])
    assert told is not None
    assert expected in told


def test_what_is_no_matter_of_the_connection_is_not_explained() -> None:
    assert explain(TARGET, ["Process exited with status 1: running ..."]) is None
    assert explain(TARGET, []) is None
    direct = replace(TARGET, bastion=None)
    assert explain(direct, [FAILED.format(3, "ssh: rejected: connect failed")]) is None


def test_the_two_ends_are_tried_a_different_number_of_times() -> None:
    assert DIAL_ERROR_LIMIT != DIAL_ERROR_LIMIT_OF_HOSTS


def test_names_that_are_looked_up_stand_in_what_is_uploaded(tmp_path: Path) -> None:
    run_program(addresses(), tmp_path)
    files = uploaded_files(tmp_path, "four.lab.test")
    conf = files["wg0.public.conf"]
    assert "# resolve: wg.named.test 51820 IPv4\n" in conf
    assert "Endpoint = wg.named.test" not in conf
    assert "resolve.sh" in files

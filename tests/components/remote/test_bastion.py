"""Hosts behind a bastion: connections of resources, and messages when a connection fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from components.model.spec import Bastion, SshTarget
from components.remote.bastion import DIAL_ERROR_LIMIT, explain
from components.remote.connection import DIAL_ERROR_LIMIT as DIAL_ERROR_LIMIT_OF_HOSTS
from tests.support.examples import HOST_KEY, addresses, changed
from tests.support.program import SECRET, SECRET_VALUE, Registered, run_program
from tests.support.registered import COMMAND, plain_text, remote
from tests.support.uploads import uploaded_files

TARGET = SshTarget("10.4.0.11", 2222, "admin", HOST_KEY, Bastion("203.0.113.9", 2022, "jump", HOST_KEY))


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Registered]:
    return run_program(addresses(), tmp_path_factory.mktemp("program"))


def connection(resource: Registered) -> dict[str, object]:
    declared = resource.inputs["connection"]
    assert isinstance(declared, dict)
    value = declared["value"] if declared.get(SECRET) == SECRET_VALUE else declared
    assert isinstance(value, dict)
    return value


def test_every_command_on_the_host_uses_its_bastion_and_checks_the_bastions_key(
    resources: dict[str, Registered],
) -> None:
    connections = [
        connection(resource) for resource in remote(resources) if resource.name.startswith("mesh-closed.lab.test")
    ]
    assert len(connections) >= 6
    for through_bastion in connections:
        proxy = through_bastion["proxy"]
        assert isinstance(proxy, dict)
        assert {name: proxy[name] for name in ("host", "port", "user", "hostKey", "dialErrorLimit")} == {
            "host": "203.0.113.9",
            "port": 2022,
            "user": "jump",
            "hostKey": HOST_KEY,
            "dialErrorLimit": DIAL_ERROR_LIMIT,
        }


def test_each_site_and_node_is_opened_by_its_own_key_and_a_bastion_by_that_of_its_section(tmp_path: Path) -> None:
    for name in ("stack", "site", "node"):
        (tmp_path / name).write_text(f"the PRIVATE KEY of the {name}", encoding="utf-8")
    config = changed("ssh/privateKeyFile", "stack", addresses())
    config = changed("sites/closed/ssh/privateKeyFile", "site", config)
    config = changed("sites/closed/nodes/closed.lab.test/ssh/privateKeyFile", "node", config)
    resources = remote(run_program(config, tmp_path))

    def keys(node: str) -> set[tuple[object, object]]:
        """What opens the host and its bastion."""
        found: set[tuple[object, object]] = set()
        for resource in resources:
            if resource.name.startswith(f"mesh-{node}.lab.test"):
                declared = connection(resource)
                proxy = declared.get("proxy", {})
                assert isinstance(proxy, dict)
                found.add((declared.get("privateKey"), proxy.get("privateKey")))
                assert "PRIVATE KEY" not in plain_text(resource.inputs)
        return found

    assert keys("closed") == {("the PRIVATE KEY of the node", "the PRIVATE KEY of the site")}
    assert keys("dual") == {("the PRIVATE KEY of the stack", None)}


def test_without_a_bastion_connections_have_no_proxy(resources: dict[str, Registered]) -> None:
    others = [resource for resource in remote(resources) if not resource.name.startswith("mesh-closed.lab.test")]
    assert not [resource.name for resource in others if "proxy" in connection(resource)]


def test_a_failed_preflight_is_explained(resources: dict[str, Registered]) -> None:
    explained = {resource.name: resource.on_error for resource in resources.values() if resource.on_error}
    assert explained == {"mesh-closed.lab.test-preflight": ("mesh-closed.lab.test-through-bastion",)}


def test_a_login_user_other_than_root_uses_sudo(resources: dict[str, Registered]) -> None:
    create = str(resources[f"{COMMAND} mesh-closed.lab.test-preflight"].inputs["create"])
    assert create.startswith("sudo -n timeout ")


FAILED = "rpc error: code = Unknown desc = proxy: after {} failed attempts: {}"


@pytest.mark.parametrize(
    ("attempts", "reason", "expected"),
    [
        (DIAL_ERROR_LIMIT, "dial tcp 203.0.113.9:2022: i/o timeout", "the bastion 203.0.113.9 (port 2022, user jump) cannot be used: dial tcp 203.0.113.9:2022: i/o timeout. Hosts behind it were not contacted."),
        (DIAL_ERROR_LIMIT, "ssh: handshake failed: ssh: host key mismatch", "the bastion 203.0.113.9 (port 2022, user jump) cannot be used: ssh: handshake failed"),
        (DIAL_ERROR_LIMIT_OF_HOSTS, "ssh: rejected: connect failed (No route to host)", "answers, but cannot connect to 10.4.0.11 (port 2222, user admin): ssh: rejected: connect failed (No route to host)."),
        (DIAL_ERROR_LIMIT_OF_HOSTS, "ssh: handshake failed: EOF", "answers, but the login on 10.4.0.11 (port 2222, user admin) behind it failed: ssh: handshake failed: EOF."),
    ],
)  # fmt: skip
def test_the_message_names_the_end_that_failed(attempts: int, reason: str, expected: str) -> None:
    message = explain(TARGET, [FAILED.format(attempts, reason)])
    assert message is not None
    assert expected in message


def test_failures_after_the_connection_are_not_explained() -> None:
    assert explain(TARGET, ["Process exited with status 1: running ..."]) is None
    assert explain(TARGET, []) is None
    direct = replace(TARGET, bastion=None)
    assert explain(direct, [FAILED.format(3, "ssh: rejected: connect failed")]) is None


def test_bastions_and_hosts_have_different_limits_of_attempts() -> None:
    assert DIAL_ERROR_LIMIT != DIAL_ERROR_LIMIT_OF_HOSTS


def test_uploaded_files_have_the_names_that_hosts_resolve(tmp_path: Path) -> None:
    run_program(addresses(), tmp_path)
    files = uploaded_files(tmp_path, "four.lab.test")
    conf = files["wg0.public.conf"]
    assert "# resolve: wg.named.test 51820 IPv4\n" in conf
    assert "Endpoint = wg.named.test" not in conf
    assert "resolve.sh" in files

"""Hosts with ufw, the real one: what the cluster needs goes through it, by rules that are recognised by their comment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.scripts.firewall_host import NEEDS_ROOT, ON_WG0, OUTSIDE, POD, PORT, FirewallHost, firewall_host

pytestmark = NEEDS_ROOT
APPLY = ("prepare.sh", "apply", "a.example.org")
PATHS = [("pod", ON_WG0, 53), ("pod", ON_WG0, 6443), ("pod2", POD, 8080), ("peer", ON_WG0, 6443), ("peer", POD, 8080)]
FACTS = "tcp 6443\nssh 203.0.113.0/24\nmesh 192.168.0.0/24\n"
ENABLE = "ufw --force enable >/dev/null"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FirewallHost]:
    """Its administrator lets SSH in from everywhere, and has a rule of the same words as one of ours."""
    with firewall_host(tmp_path) as running:
        running.sh("ufw limit 22/tcp comment 'the administrator'; ufw allow in on cni0")
        yield running


def rules(host: FirewallHost) -> list[str]:
    return host.sh("LC_ALL=C ufw show added").splitlines()[1:]


def declare_firewall(host: FirewallHost, facts: str, name: str) -> None:
    """Put the facts of the section `firewall` where they are taken over to."""
    host.sh(f"mkdir -p /var/lib/stretched-uploads/firewall/{name}")
    host.sh(f"printf '{facts}' >/var/lib/stretched-uploads/firewall/{name}/firewall.conf")


def test_pods_reach_their_host_and_pods_of_other_nodes_where_no_firewall_is_declared(host: FirewallHost) -> None:
    host.sh(ENABLE)
    assert not host.reached(*PATHS), "ufw shuts them"
    assert not host.hears(PORT)
    own = rules(host)
    host.run(*APPLY)
    assert host.reached(*PATHS) == PATHS
    assert host.hears(PORT)
    assert not host.hears(PORT + 1)
    assert not host.reaches("outside", OUTSIDE, 6443)
    assert not host.reaches("outside", POD, 8080), "pods are shut from outside"
    assert set(own) < set(rules(host)), "not even their comments have changed"
    assert all(rule.endswith(" comment 'stretched'") for rule in set(rules(host)) - set(own))
    assert host.run(*APPLY) == "prepared\n"
    host.run("prepare.sh", "remove")
    assert rules(host) == own


def test_removal_also_takes_its_rules_from_a_ufw_that_was_switched_off(host: FirewallHost) -> None:
    own = rules(host)
    host.sh(ENABLE)
    host.run(*APPLY)
    host.sh("ufw disable")
    host.run("prepare.sh", "remove")
    assert rules(host) == own


def test_what_is_needed_is_opened_when_ufw_is_switched_on_later(host: FirewallHost) -> None:
    """The host's stretched-open.path sees the change of ufw.conf, and starts the service that runs open.sh."""
    own = rules(host)
    host.run(*APPLY)
    assert rules(host) == own, "nothing is done to a ufw that is off"
    assert "restart stretched-open.path" in host.sh("cat /ran")
    assert "PathChanged=/etc/ufw/ufw.conf\n" in host.sh("cat /etc/systemd/system/stretched-open.path")
    host.sh(ENABLE)
    host.run("open.sh")
    assert host.reaches("pod2", POD, 8080)


def test_a_former_port_is_closed_once_the_tunnels_have_left_it(host: FirewallHost) -> None:
    host.sh(ENABLE)
    host.run(*APPLY)
    host.declare(4500, in_force=PORT, relay=True)
    host.run(*APPLY)
    assert {f"ufw allow {port}/udp comment 'stretched'" for port in (PORT, 4500)} < set(rules(host))
    assert "ufw route allow in on wg0 out on wg0 comment 'stretched'" in rules(host)
    host.declare(4500)
    host.run("open.sh")
    assert f"ufw allow {PORT}/udp comment 'stretched'" not in rules(host)
    assert "ufw route allow in on wg0 out on wg0 comment 'stretched'" not in rules(host)


def test_a_ufw_that_does_not_answer_is_an_error_and_not_a_no(host: FirewallHost) -> None:
    host.sh(
        "printf '#!/bin/sh\\necho ERROR: problem running iptables; exit 1\\n' >/usr/local/sbin/ufw; chmod +x /usr/local/sbin/ufw"
    )
    printed = host.fails("sh /var/lib/stretched-uploads/node/current/prepare.sh apply a.example.org 2>&1")
    assert "ufw refused: ufw status: ERROR: problem running iptables" in printed
    assert "prepared" not in printed


def test_a_mesh_without_a_cluster_opens_its_port_and_wg0_alone(host: FirewallHost) -> None:
    host.declare(pods=False)
    host.sh(ENABLE)
    own = rules(host)
    host.run(*APPLY)
    ours = {f"ufw allow {PORT}/udp comment 'stretched'", "ufw allow in on wg0 comment 'stretched'"}
    assert set(rules(host)) - set(own) == ours


def test_changed_ranges_have_a_way_back_until_a_new_connection_confirms_them(host: FirewallHost) -> None:
    """The timer's command is run here, as if nobody had come."""

    def ssh_from() -> list[str]:
        return [rule.split()[3] for rule in rules(host) if "to any port 22 proto tcp" in rule]

    host.sh(ENABLE)
    host.run(*APPLY)
    declare_firewall(host, FACTS, "f")
    host.run("firewall.sh", "apply", "f", "a.1")
    host.run("firewall.sh", "confirm", "a.1")
    assert ssh_from() == ["203.0.113.0/24"]
    assert "ufw allow 6443/tcp comment 'stretched'" in rules(host)
    declare_firewall(host, FACTS.replace("203.0.113", "198.51.100").replace("tcp 6443\\n", ""), "g")
    host.sh("rm -f /timer")
    for attempt in ("b.0", "b.1"):  # the first one is neither confirmed nor restored before the second one
        host.run("firewall.sh", "apply", "g", attempt)
    assert ssh_from() == ["198.51.100.0/24"]
    host.sh("$(cat /timer)")
    assert ssh_from() == ["203.0.113.0/24"], "it is restored"
    assert "ufw allow 6443/tcp comment 'stretched'" in rules(host)
    assert "the firewall's new rules were rolled back" in host.fails(
        "sh /var/lib/stretched-uploads/node/current/firewall.sh confirm b.1 2>&1"
    )
    host.run("firewall.sh", "apply", "g", "b.2")
    assert "in force" in host.run("firewall.sh", "confirm", "b.2")
    host.sh("$(cat /timer)")
    assert ssh_from() == ["198.51.100.0/24"], "what was confirmed stays"


def test_tunnels_never_take_a_rule_for_ssh_away(host: FirewallHost) -> None:
    """A new version of the program, which makes other rules of the same facts, runs prepare.sh first."""
    host.sh(ENABLE)
    declare_firewall(host, FACTS, "f")
    host.run("firewall.sh", "apply", "f", "a.1")
    host.run("firewall.sh", "confirm", "a.1")
    host.sh("sed -i 's/^ssh .*//' /etc/stretched/firewall/facts")
    host.run(*APPLY)
    assert "ufw allow from 203.0.113.0/24 to any port 22 proto tcp comment 'stretched'" in rules(host)


def test_without_the_section_the_cluster_goes_on_and_the_last_rule_for_ssh_stays(host: FirewallHost) -> None:
    host.sh(ENABLE)
    host.run(*APPLY)
    needed = rules(host)
    for others_rule in (True, False):
        declare_firewall(host, FACTS, "f")
        host.run("firewall.sh", "apply", "f", "a.1")
        host.run("firewall.sh", "confirm", "a.1")
        if not others_rule:
            host.sh("ufw --force delete limit 22/tcp")
        printed = host.run("firewall.sh", "remove")
        assert host.reaches("pod2", POD, 8080)
        if others_rule:
            assert rules(host) == needed
        else:
            ours = "ufw allow from 203.0.113.0/24 to any port 22 proto tcp comment 'stretched'"
            assert set(rules(host)) - set(needed) == {ours}
            assert "no other rule lets SSH in" in printed

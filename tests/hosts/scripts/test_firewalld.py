"""Hosts with firewalld, the real one: what the cluster needs goes through it, and nothing of its administrator's is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.scripts.firewall_host import NEEDS_ROOT, ON_WG0, OUTSIDE, POD, PORT, FirewallHost, firewall_host

pytestmark = NEEDS_ROOT
APPLY = ("prepare.sh", "apply", "a.example.org")
FAIL2BAN = "rule family=ipv4 source address=198.51.100.66 reject"
BOTH = ("", "--permanent")
"""Options of firewall-cmd for what is in force, and for what is after the next start."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FirewallHost]:
    with firewall_host(tmp_path) as running:
        running.start_firewalld()
        yield running


def test_pods_reach_their_host_and_pods_of_other_nodes_where_no_firewall_is_declared(host: FirewallHost) -> None:
    paths = [
        ("pod", ON_WG0, 53),
        ("pod", ON_WG0, 6443),
        ("pod2", POD, 8080),
        ("peer", ON_WG0, 6443),
        ("peer", POD, 8080),
    ]
    assert not host.reached(*paths), "firewalld shuts them"
    assert not host.hears(PORT)
    host.sh(f"firewall-cmd -q --add-rich-rule='{FAIL2BAN}'; firewall-cmd -q --add-port=8443/tcp")
    host.run(*APPLY)
    for again in (False, True):
        assert host.reached(*paths) == paths
        assert host.hears(PORT)
        assert not host.hears(PORT + 1)
        assert not host.reaches("outside", OUTSIDE, 6443)
        assert not host.reaches("outside", POD, 8080), "pods are shut from outside"
        if not again:
            assert "198.51.100.66" in host.sh("firewall-cmd --list-rich-rules"), "what was added at run time"
            assert "8443/tcp" in host.sh("firewall-cmd --list-ports")
            host.sh("firewall-cmd -q --reload")


def test_few_calls_and_none_that_changes_anything_where_nothing_changes(host: FirewallHost) -> None:
    host.calls()
    host.run(*APPLY)
    assert len(host.calls()) <= 10
    assert host.run(*APPLY) == "prepared\n"
    again = host.calls()
    assert len(again) <= 4
    assert not [call for call in again if "--add" in call or "--change" in call or "reload" in call]


def test_the_port_is_open_in_the_zone_in_which_packets_come_in_and_a_former_one_is_closed(host: FirewallHost) -> None:
    host.sh(
        "firewall-cmd -q --zone=external --add-interface=eth0; firewall-cmd -q --zone=drop --add-source=198.51.100.0/24"
    )
    host.run(*APPLY)
    assert host.hears(PORT)
    for option in BOTH:
        for zone in ("public", "external"):
            assert f"{PORT}/udp" in host.sh(f"firewall-cmd {option} --zone={zone} --list-ports")
        assert host.sh(f"firewall-cmd {option} --zone=drop --list-ports").strip() == "", "what is dropped stays dropped"
    host.declare(4500, in_force=PORT)
    host.run(*APPLY)
    assert host.hears(4500)
    assert host.hears(PORT), "until the tunnels have changed"
    host.declare(4500)
    host.run("open.sh")
    assert host.hears(4500)
    assert not host.hears(PORT)
    for option in BOTH:
        for zone in ("public", "external"):
            assert host.sh(f"firewall-cmd {option} --zone={zone} --list-ports") == "4500/udp\n"


def test_a_zone_whose_interface_is_down_for_a_moment_keeps_the_port(host: FirewallHost) -> None:
    host.sh("firewall-cmd -q --zone=external --add-interface=eth0")
    host.run(*APPLY)
    host.sh("firewall-cmd -q --zone=external --remove-interface=eth0")
    host.run("open.sh")
    assert f"{PORT}/udp" in host.sh("firewall-cmd --permanent --zone=external --list-ports")


def test_removal_takes_only_what_was_added(host: FirewallHost) -> None:
    def settings() -> str:
        return "".join(host.sh(f"firewall-cmd {option} --list-all-zones") for option in BOTH)

    for option in BOTH:
        host.sh(
            f"firewall-cmd -q {option} --add-port={PORT}/udp; firewall-cmd -q {option} --zone=trusted --add-interface=cni0"
        )
        host.sh(f"firewall-cmd -q {option} --zone=internal --add-interface=cali+")
    before = settings()
    host.run(*APPLY)
    assert "wg0" in settings()
    assert "cali+" in host.sh("firewall-cmd --zone=internal --list-interfaces"), "it is the administrator's"
    host.run("prepare.sh", "remove")
    assert settings().replace(" (active)", "") == before.replace(" (active)", "")
    assert host.sh("ls /etc/stretched 2>&1 || :").endswith("No such file or directory\n")


def test_removal_also_takes_what_is_permanent_in_a_firewalld_that_was_stopped(host: FirewallHost) -> None:
    before = host.sh("firewall-cmd --permanent --list-all-zones")
    host.run(*APPLY)
    host.stop_firewalld()
    host.run("prepare.sh", "remove")
    host.start_firewalld()
    assert host.sh("firewall-cmd --permanent --list-all-zones") == before


def test_what_is_needed_is_opened_when_firewalld_is_switched_on_later(host: FirewallHost) -> None:
    """The unit of the host runs open.sh after each start of firewalld."""
    host.stop_firewalld()
    assert host.run(*APPLY) == "prepared\n"
    assert "enable --quiet stretched-open.service stretched-open.path" in host.sh("cat /ran")
    unit = host.sh("cat /etc/systemd/system/stretched-open.service")
    assert "WantedBy=firewalld.service" in unit
    assert "After=firewalld.service" in unit
    assert "ExecStart=/bin/sh /var/lib/stretched-uploads/node/current/open.sh\n" in unit
    host.start_firewalld()
    assert not host.reaches("pod2", POD, 8080)
    host.run("open.sh")
    assert host.reaches("pod2", POD, 8080)
    assert host.hears(PORT)


@pytest.mark.parametrize("said", ["echo 'Permission denied' >&2; exit 126", "echo failed; exit 251"])
def test_what_firewalld_cannot_say_is_an_error_and_not_a_no(host: FirewallHost, said: str) -> None:
    host.sh(f"cat >/usr/local/sbin/firewall-cmd <<'END'\n#!/bin/sh\n{said}\nEND\n")
    printed = host.fails("sh /var/lib/stretched-uploads/node/current/prepare.sh apply a.example.org 2>&1")
    assert "firewall-cmd cannot say whether firewalld is running (exit status" in printed
    assert "prepared" not in printed


def test_the_section_adds_its_ports_with_a_way_back_and_without_it_the_cluster_goes_on(host: FirewallHost) -> None:
    """The timer's command is run here, as if nobody had come."""

    def opened() -> set[str]:
        return {host.sh(f"firewall-cmd {option} --list-ports") for option in BOTH}

    host.sh("mkdir -p /var/lib/stretched-uploads/firewall/f; firewall-cmd -q --add-port=8443/tcp")
    host.sh("printf 'tcp 6443\nssh 203.0.113.0/24\n' >/var/lib/stretched-uploads/firewall/f/firewall.conf")
    host.run(*APPLY)
    before = opened()
    printed = host.run("firewall.sh", "apply", "f", "a.1")
    assert "which is NOT restricted to the ranges of firewall.ssh" in printed
    assert all("6443/tcp" in ports for ports in opened())
    assert host.reaches("outside", OUTSIDE, 6443)
    host.sh("$(cat /timer)")
    assert opened() == before
    host.run("firewall.sh", "apply", "f", "a.2")
    assert "firewall: in force" in host.run("firewall.sh", "confirm", "a.2")
    assert host.reaches("outside", OUTSIDE, 6443)
    host.run("firewall.sh", "remove")
    assert opened() == before
    assert host.reaches("pod2", POD, 8080)
    assert host.reaches("pod", ON_WG0, 6443)


def test_a_mesh_without_a_cluster_opens_its_port_and_wg0_alone(host: FirewallHost) -> None:
    host.declare(pods=False)
    host.run(*APPLY)
    assert host.hears(PORT)
    assert host.reaches("peer", ON_WG0, 6443)
    assert not host.reaches("pod", ON_WG0, 6443)
    assert host.sh("firewall-cmd --zone=trusted --list-interfaces").split() == ["wg0"]

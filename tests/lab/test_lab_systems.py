"""Hosts of other systems: what differs in their files, and that a host keeps the system that it was made with."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lab import host, hosts, rootfilesystem
from lab.cable import Cable, cable
from lab.cgroups import Cgroups
from lab.errors import LabError
from lab.host_network import write
from lab.layout import Layout
from lab.systems import recipe
from lab.topology import LIKES, RELEASES, System
from lab.topology_file import parse

TOPOLOGY = parse(
    """
name: systems
operator: {address: 203.0.113.200, address6: "2001:db8:ffff::200"}
sites:
  open:
    lan: 192.0.2.0/24
    gateway: 192.0.2.1
    lan6: 2001:db8:1::/64
    gateway6: 2001:db8:1::1
    hosts:
      el.lab.test: {address: 192.0.2.11, like: el9}
      ubuntu.lab.test: {address: [192.0.2.12, "2001:db8:1::12"], like: ubuntu}
      plain.lab.test: 192.0.2.13
      machine.lab.test: {address: 192.0.2.14, kind: machine}
"""
)
LAYOUT = Layout(TOPOLOGY.name)


def line(name: str) -> Cable:
    return next(cable(item, TOPOLOGY.site("open"), LAYOUT) for item in TOPOLOGY.hosts if item.short == name)


def test_a_network_service_of_the_host_configures_the_interface_where_it_has_one(tmp_path: Path) -> None:
    for item in TOPOLOGY.hosts:
        write(item, line(item.short), tmp_path / item.short)
    secret = tmp_path / "el/etc/NetworkManager/system-connections/eth0.nmconnection"
    assert secret.stat().st_mode & 0o777 == 0o600, "NetworkManager ignores others"
    assert "[ipv4]\nmethod=manual\naddress1=192.0.2.11/24,192.0.2.1\n[ipv6]\nmethod=auto\n" in secret.read_text()
    assert "Address=192.0.2.14/24\n" in (tmp_path / "machine/etc/systemd/network/10-eth0.network").read_text()
    networkd = (tmp_path / "ubuntu/etc/systemd/network/10-eth0.network").read_text()
    for text in ("Address=192.0.2.12/24\nGateway=192.0.2.1", "Address=2001:db8:1::12/64\nGateway=2001:db8:1::1"):
        assert text in networkd
    assert not (tmp_path / "plain").exists()
    assert [line(item.short).by_host for item in TOPOLOGY.hosts] == [True, True, False, True]


def test_each_system_has_a_recipe_and_a_place_in_the_cache_of_its_own() -> None:
    systems = [*map(System, LIKES), *(System(release=release) for release in RELEASES)]
    places = {str(system): rootfilesystem.name_of(system) for system in systems}
    assert len(set(places.values())) == len(places) == 5
    assert all(place.startswith(f"rootfs/{system}-") for system, place in places.items())
    assert {recipe(system).suite for system in systems} == set(RELEASES)


def test_a_host_keeps_the_system_that_it_was_made_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    cgroups = Cgroups(())
    for item in TOPOLOGY.hosts:
        LAYOUT.host(item.short).mkdir(parents=True)
        plan = host.boot(item, TOPOLOGY, LAYOUT, cgroups, Path("/image"), None)
        plan.write(host.boot_file(LAYOUT.host(item.short)))
    hosts.prepare(TOPOLOGY, LAYOUT, cgroups, {}, None)
    (site,) = TOPOLOGY.sites
    other = replace(site, hosts=(replace(site.hosts[0], system=System("ubuntu")), *site.hosts[1:]))
    contained = replace(site, hosts=(*site.hosts[:-1], replace(site.hosts[-1], machine=False)))
    with pytest.raises(LabError, match=r"the address or the system of machine\.lab\.test has changed"):
        hosts.prepare(replace(TOPOLOGY, sites=(contained,)), LAYOUT, cgroups, {}, None)
    with pytest.raises(LabError, match=r"the address or the system of el\.lab\.test has changed"):
        hosts.prepare(replace(TOPOLOGY, sites=(other,)), LAYOUT, cgroups, {}, None)


def test_a_host_made_by_a_version_without_systems_asks_for_a_new_lab(tmp_path: Path) -> None:
    (item, *_) = TOPOLOGY.hosts
    plan = host.boot(item, TOPOLOGY, LAYOUT, Cgroups(()), Path("/image"), None)
    file = host.boot_file(tmp_path)
    plan.write(file)
    assert host.Boot.read(file) == plan
    file.write_text(json.dumps({key: value for key, value in json.loads(file.read_text()).items() if key != "system"}))
    with pytest.raises(LabError, match="lab down"):
        host.Boot.read(file)

"""What a node does for services: HAProxy's configuration, the table of nftables, what the watch of UDP reads."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from components.model.configuration import parse_plan
from components.model.files.haproxy import haproxy_cfg
from components.model.files.services_nft import services_nft, udp_conf
from components.model.services.serving import Serving
from tests.support.examples import TREE, changed, read

GOLDEN = TREE / "tests/model/files/golden"
UCHICAGO, UVIC, MSU = "uchicago002.hl-lhc.io", "uvic001.hl-lhc.io", "msu001.hl-lhc.io"
SERVICES: dict[str, object] = {
    "web": {"port": 443, "nodePort": 30443, "at": [UCHICAGO, "mwt2", "uvic"], "from": "public", "entries": ["mwt2"]},
    "told": {
        **{"port": 8443, "hostPort": 9443, "at": ["uvic"], "from": ["198.51.100.0/24", "198.51.100.128/25", "2001:db8::/32"]},
        **{"clientAddress": "proxy-protocol", "entries": [UCHICAGO]},
    },
    "kept": {"port": 25, "hostPort": 2525, "at": [UCHICAGO], "from": "public", "clientAddress": "kept"},
    "itself": {"port": 993, "hostPort": 993, "at": [UCHICAGO], "from": ["192.0.2.0/24"], "clientAddress": "kept"},
    "dns": {
        **{"port": 53, "protocol": "udp", "nodePort": 30053, "at": [UCHICAGO, "mwt2", "uvic"], "from": "public"},
        **{"entries": ["mwt2"]},
    },
    "far": {"port": 123, "protocol": "udp", "hostPort": 123, "at": ["uvic"], "from": ["0.0.0.0/0"], "entries": [UCHICAGO]},
    "disk": {"port": 1094, "target": "storage.uvic.example:1095", "at": ["uvic"], "from": "public", "entries": [UCHICAGO]},
    "syslog": {"port": 514, "protocol": "udp", "target": "198.51.100.200:1514", "at": ["uvic"]},
    "inner": {"port": 8080, "hostPort": 9443, "at": ["uvic"]},
}  # fmt: skip


def of(name: str, services: dict[str, object] = SERVICES) -> Serving:
    return parse_plan(changed("services", services), read).serving[name]


@pytest.mark.parametrize("name", [UCHICAGO, UVIC])
def test_files_are_as_they_were_seen_to_be_right(name: str) -> None:
    does = of(name)
    short = name.partition(".")[0]
    for kind, text in (("cfg", haproxy_cfg(does)), ("nft", services_nft(does)), ("conf", udp_conf(does))):
        golden = GOLDEN / f"services-{short}.{kind}"
        assert text == golden.read_text(encoding="utf-8"), f"{golden}: look at the difference, then replace it"


def test_a_node_without_services_does_nothing() -> None:
    assert not of(MSU).anything
    assert not of(UCHICAGO, {}).anything
    assert haproxy_cfg(of(MSU)) == udp_conf(of(MSU)) == ""


def test_servers_of_the_entrys_site_come_first_and_all_are_alike_where_there_are_none() -> None:
    web, told = (next(one for one in of(UCHICAGO).proxied if one.name == name) for name in ("web", "told"))
    assert [server.name for server in web.servers if not server.near] == [UVIC]
    assert web.servers[0].name == UCHICAGO
    assert [server.near for server in told.servers] == [True]


def test_what_a_program_itself_listens_at_is_only_guarded() -> None:
    does = of(UCHICAGO)
    assert "itself" not in {*(one.name for one in does.proxied), *(one.name for one in does.readdressed)}
    assert "tcp dport 993 ip saddr { 192.0.2.0/24 } accept\n        tcp dport 993 drop" in services_nft(does)


def test_everybody_may_come_to_a_public_service_and_by_one_family_where_that_is_written() -> None:
    table = services_nft(of(UCHICAGO))
    assert "dport 443" not in table
    assert "udp dport 123 ip saddr { 0.0.0.0/0 } accept" in table


def test_udp_that_goes_on_to_others_is_shut_for_ipv6_and_kept_udp_is_not() -> None:
    udp = {"port": 514, "protocol": "udp", "hostPort": 5514, "at": [UCHICAGO], "from": "public"}
    table = services_nft(of(UCHICAGO, {"log": udp}))
    assert "udp dport 514 ip saddr { 0.0.0.0/0 } accept\n        udp dport 514 drop" in table
    assert "udp dport 514 ip saddr { 0.0.0.0/0 } jump here_log" in table
    kept = services_nft(of(UCHICAGO, {"log": {**udp, "clientAddress": "kept"}}))
    assert "saddr" not in kept
    assert "udp dport 514 jump here_log" in kept


def test_ranges_that_overlap_are_one() -> None:
    assert "tcp dport 8443 ip saddr { 198.51.100.0/24 } accept" in services_nft(of(UCHICAGO))


def test_the_inner_hop_of_a_target_is_open_to_the_mesh_alone() -> None:
    does = of(UVIC)
    assert f"bind {does.address}:1094\n" in haproxy_cfg(does)
    assert f"ip daddr {does.address} tcp dport 1094 drop" in services_nft(does)
    assert 'iifname "wg0" ip daddr 192.168.0.8 udp dport 514 goto to_syslog.target' in services_nft(does)


@pytest.mark.skipif(os.geteuid() != 0, reason="nft wants root's rights, in a network namespace of its own")
@pytest.mark.parametrize("name", [UCHICAGO, UVIC])
def test_nft_takes_the_table_and_the_watchs_chains(name: str, tmp_path: Path) -> None:
    does = of(name)
    scripts = TREE / "components/hosts/scripts/services"
    place = tmp_path / "services"
    place.mkdir()
    (place / "services.nft").write_text(services_nft(does), encoding="utf-8")
    (place / "services.conf").write_text(udp_conf(does), encoding="utf-8")
    shutil.copy(scripts / "services_udp.sh", place / "udp.sh")
    shutil.copy(scripts / "services_udp.awk", place / "udp.awk")
    script = f"sh {place}/udp.sh load && sh {place}/udp.sh load && nft list table inet stretched_services"
    environment = {**os.environ, "STRETCHED_ETC": str(tmp_path), "STRETCHED_RUN": str(tmp_path / "run")}
    done = subprocess.run(
        ["unshare", "--net", "sh", "-euc", script], env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "settled" in done.stdout
    if name == UCHICAGO:
        assert "udp dport set 30053 meta mark set meta mark | 0x00000040" in done.stdout, "itself first"
        assert "dnat ip to 192.168.0.8:123" in done.stdout
    else:
        assert "dnat ip to 198.51.100.200:1514" in done.stdout

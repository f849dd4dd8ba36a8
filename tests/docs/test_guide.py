"""The guide's forms of sites can be written so."""

import re
import textwrap
from typing import Any

import yaml

from components.model.configuration import parse
from components.model.mesh.routing import route
from components.model.report.service_tables import services_data
from tests.support.examples import HOST_KEY, TREE, changed, configuration, host_key, overview, read


def sites_of(section: str, count: int) -> dict[str, Any]:
    """The sites of so many examples in a section of the guide; what is written later wins."""
    return dict(examples(section, count))


def examples(section: str, count: int) -> list[tuple[str, Any]]:
    """The same, each site as often as it is there."""
    text = (TREE / "docs/guide.md").read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    blocks = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)]
    assert len(blocks) == count
    return [(name, site) for block in blocks for name, site in yaml.safe_load(block).items()]


def test_the_forms_of_sites_are_one_configuration_without_a_mistake() -> None:
    sites = sites_of("Forms of sites", 4)
    assert set(sites) == {"mwt2", "aglt2", "infn", "uvic"}
    config = changed("sites", sites, configuration())
    for name, site in sites.items():
        for node in site["nodes"]:
            config = changed(f"sites/{name}/nodes/{node}/ssh/hostKey", host_key(node), config)
    config = changed("sites/mwt2/nodes/uchicago002.hl-lhc.io/roles", ["control-plane", "etcd"], config)
    spec = parse(config, read)
    routes = route(spec)
    assert routes.kind("uvic001.hl-lhc.io", "infn002.example.org") == "relay"
    assert routes.path("uvic001.hl-lhc.io", "infn002.example.org")[1:-1] == ("infn001.example.org",)


def test_the_examples_of_families_names_and_bastions_are_one_configuration_without_a_mistake() -> None:
    sites = sites_of("IPv6, names, bastions", 4)
    config = changed("sites", sites, configuration())
    for name, site in sites.items():
        for node in site["nodes"]:
            config = changed(f"sites/{name}/nodes/{node}/ssh/hostKey", host_key(node), config)
    config = changed("sites/desy/ssh/bastion/hostKey", HOST_KEY, config)
    config = changed("sites/cern/nodes/cern001.example.org/roles", ["control-plane", "etcd"], config)
    spec = parse(config, read)
    routes = route(spec)
    assert routes.kind("nordic001.example.org", "cern002.example.org") == "direct"
    assert routes.path("nordic001.example.org", "desy001.example.org")[1:-1] == ("cern001.example.org",)


def test_the_example_of_services_goes_the_ways_that_are_told() -> None:
    sites: dict[str, Any] = {}
    for name, site in examples("Forms of sites", 4):
        merged = sites.setdefault(name, {"nodes": {}})
        merged.update({**site, "nodes": {**merged["nodes"], **site["nodes"]}})
    config = changed("sites", sites, configuration())
    for name, site in sites.items():
        for node in site["nodes"]:
            config = changed(f"sites/{name}/nodes/{node}/ssh/hostKey", host_key(node), config)
    config = changed("sites/mwt2/nodes/uchicago002.hl-lhc.io/roles", ["control-plane", "etcd", "worker"], config)
    page = (TREE / "docs/services.md").read_text(encoding="utf-8")
    declared, told, *_ = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)]
    spec = parse({**config, "services": yaml.safe_load(declared)["stretched:services"]}, read)
    found = services_data(overview(spec))
    ways = [(name, path) for name in ("portal", "transfer", "monitor") for path in lines(found[name]["paths"])]
    assert told.splitlines() == [f"{name}: {path}" for name, path in ways]


def lines(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


def test_the_second_gateway_can_be_written_so_and_takes_over() -> None:
    infn = sites_of("A second gateway", 1)["infn"]
    config = changed("sites/infn", infn)
    for name in infn["nodes"]:
        config = changed(f"sites/infn/nodes/{name}/ssh/hostKey", host_key(name), config)
    closed = {"address": "192.168.0.99", "ssh": {"host": "h", "hostKey": HOST_KEY}}
    config = changed("sites/closed", {"institution": "c", "nodes": {"closed.example.org": closed}}, config)
    routes = route(parse(config, read))
    assert routes.path("closed.example.org", "infn003.example.org")[1:-1] == ("infn001.example.org",)
    assert routes.detour("infn001.example.org", "closed.example.org", "infn003.example.org") == (
        "closed.example.org",
        "infn002.example.org",
        "infn003.example.org",
    )

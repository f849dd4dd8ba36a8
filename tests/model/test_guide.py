"""The guide's forms of sites can be written so."""

import re
import textwrap

import yaml

from components.model.parse import parse
from components.model.routing import route
from tests.examples import TREE, changed, configuration, host_key, read


def test_the_forms_of_sites_are_one_configuration_without_a_mistake() -> None:
    text = (TREE / "docs/guide.md").read_text(encoding="utf-8").split("## Forms of sites")[1].split("\n## ")[0]
    blocks = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)]
    assert len(blocks) == 4
    sites = {name: site for block in blocks for name, site in yaml.safe_load(block).items()}
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

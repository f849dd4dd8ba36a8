"""The two committed configurations, and small changes of them, as data."""

import base64
import copy
import hashlib
from pathlib import Path

import yaml

from components.model.configuration import parse
from components.model.overview import Overview, overview_of
from components.model.plan import plan_of
from components.model.spec import Spec

TREE = Path(__file__).parents[2]
LEAVING = TREE / "components/hosts/scripts/node/leaving.awk"
"""What makes the configuration in force between grow and prune."""


def host_key(name: str) -> str:
    """Return a public host key that is of no host, another one for every name."""
    kind = b"ssh-ed25519"
    raw = hashlib.sha256(name.encode()).digest()
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind, raw))
    return f"{kind.decode()} {base64.b64encode(blob).decode()}"


HOST_KEY = host_key("a host")


def configuration(stack: str = "hl-lhc") -> dict[str, object]:
    """Return the configuration of a stack without the project's prefix; files are looked up in the tree."""
    text = (TREE / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)["config"]
    return {name.removeprefix("stretched:"): value for name, value in values.items()}


def changed(path: str, value: object, config: dict[str, object] | None = None) -> dict[str, object]:
    """Return the configuration with one value set, or removed when it is None; `/` separates the keys of the path."""
    result = copy.deepcopy(config or configuration())
    *above, last = path.split("/")
    place: dict[str, object] = result
    for key in above:
        below = place.setdefault(key, {})
        assert isinstance(below, dict)
        place = below
    if value is None:
        del place[last]
    else:
        place[last] = value
    return result


def read(name: str) -> str:
    """Read a file that a configuration names, relative to the tree."""
    return (TREE / name).read_text(encoding="utf-8")


def example() -> Spec:
    """Return the users' own cluster."""
    return parse(configuration(), read)


def overview(spec: Spec) -> Overview:
    """Return what people are told of a specification."""
    return overview_of(plan_of(spec))


def with_workers(count: int) -> dict[str, object]:
    """Return the example with a number of workers more at uvic."""
    config = configuration()
    for index in range(count):
        node = {
            "address": f"192.168.0.{100 + index}",
            "endpoint": f"192.0.2.{100 + index}",
            "ssh": {"hostKey": host_key(f"extra{index}")},
        }
        config = changed(f"sites/uvic/nodes/extra{index:03}.hl-lhc.io", node, config)
    return config


def three_sites(file: str = "three_sites") -> dict[str, object]:
    """Return a configuration of three forms of sites: public hosts; one port, for the gateway; no port.

    Another file of tests/support/sites has other sites.
    """
    declared = yaml.safe_load((TREE / f"tests/support/sites/{file}.yaml").read_text(encoding="utf-8"))
    config = {**configuration(), **declared}
    for site, fields in declared["sites"].items():
        for name in fields["nodes"]:
            config = changed(f"sites/{site}/nodes/{name}/ssh/hostKey", host_key(name), config)
    return config


def paths_sites() -> dict[str, object]:
    """Return a configuration of four sites with an etcd member at three of them; one is public, with a gateway."""
    return three_sites("paths_sites")


def addresses() -> dict[str, object]:
    """Return a configuration with both families of addresses, a name for an endpoint, and a bastion."""
    return changed("sites/closed/ssh/bastion/hostKey", HOST_KEY, three_sites("addresses"))


def with_clients(**clients: object) -> dict[str, object]:
    """Return the three sites, whose gateway takes clients."""
    return changed("clients", clients, changed("sites/oneport/clients", "192.168.7.128/25", three_sites()))


def lab_configuration() -> dict[str, object]:
    """Return the lab's stack; its key files exist only where a lab runs, so those of the example take their place."""
    config = configuration("dev")
    config["ssh"] = {"knownHostsFile": "hl-lhc.known_hosts"}
    kubernetes = config["kubernetes"]
    assert isinstance(kubernetes, dict)
    kubernetes["kubespray"] = {"repository": "https://example.org/kubespray", "commit": "0" * 40}
    return config


def lab() -> Spec:
    """Return the lab's own cluster."""
    return parse(lab_configuration(), read)

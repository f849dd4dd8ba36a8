"""From the section `kubernetes` of the configuration to the cluster."""

from pathlib import Path

from components.model.read.fields import Fields
from components.model.read.host_port import parse_endpoint
from components.model.spec import Endpoint, Kubernetes, Kubespray, defaults


def parse_kubernetes(fields: Fields) -> Kubernetes:
    """Return the cluster; mistakes are noted in the fields' problems."""
    kubernetes = Kubernetes(
        version=fields.text("version", '"1.35.4"'),
        pod_cidr=fields.network("podCidr", str(defaults.POD_CIDR), str(defaults.POD_CIDR)),
        service_cidr=fields.network("serviceCidr", str(defaults.SERVICE_CIDR), str(defaults.SERVICE_CIDR)),
        node_prefix=fields.integer("nodePrefix", defaults.NODE_PREFIX, 16, 30, "prefix length"),
        network_plugin=fields.choice("networkPlugin", defaults.NETWORK_PLUGINS, defaults.NETWORK_PLUGINS[0]),
        api=_api(fields),
        deployer=fields.optional_text("deployer", "node001.example.org") or "",
        first_control_plane=fields.optional_text("firstControlPlane", "node002.example.org") or "",
        rotation=fields.optional_text("rotation", "2027-01") or "",
        kubespray=_kubespray(fields.sub("kubespray")),
        variables=fields.sub("variables").values(),
    )
    fields.finish()
    return kubernetes


def _api(fields: Fields) -> Endpoint | None:
    text = fields.optional_text("apiAddress", "192.0.2.2")
    if not text:
        return None
    try:
        return parse_endpoint(text, defaults.API_PORT)
    except ValueError:
        fields.problems.add(
            "not-an-endpoint",
            fields.at("apiAddress"),
            f"{text!r} is neither an address nor a name",
            f"write where the API is reached from outside: `192.0.2.2` (port {defaults.API_PORT}) or "
            "`api.example.org:443`",
        )
        return None


def _kubespray(fields: Fields) -> Kubespray:
    directory = fields.optional_text("directory", "../kubespray")
    repository = fields.optional_text("repository", "https://github.com/kubernetes-sigs/kubespray")
    commit = fields.optional_text("commit", "1c9add48975060f45396b34d8e022c30d7f80dab")
    wheelhouse = fields.optional_text("wheelhouse", "../wheels")
    fields.finish()
    return Kubespray(
        Path(directory) if directory else None, repository, commit, Path(wheelhouse) if wheelhouse else None
    )

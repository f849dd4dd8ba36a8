"""From the section `kubernetes` of the configuration to the cluster."""

from pathlib import Path

from components.model.fields import Fields
from components.model.spec import CONTROL_PLANE, Kubernetes, Kubespray, Site


def parse_kubernetes(fields: Fields, sites: tuple[Site, ...]) -> Kubernetes:
    """Return the cluster; mistakes are noted in the fields' problems."""
    control_plane = [node.name for site in sites for node in site.nodes if CONTROL_PLANE in node.roles]
    variables = fields.sub("variables")
    kubernetes = Kubernetes(
        version=fields.text("version", '"1.35.4"'),
        pod_cidr=fields.network("podCidr", "10.233.64.0/18", "10.233.64.0/18"),
        service_cidr=fields.network("serviceCidr", "10.233.0.0/18", "10.233.0.0/18"),
        node_prefix=fields.integer("nodePrefix", 24, 16, 30, "prefix length"),
        network_plugin=fields.choice("networkPlugin", ("calico",), "calico"),
        api_address=fields.optional_text("apiAddress", "192.0.2.2"),
        deployer=fields.optional_text("deployer", "node001.example.org") or (control_plane[0] if control_plane else ""),
        kubespray=_kubespray(fields.sub("kubespray")),
        variables={name: variables.raw(name) for name in variables.names()},
    )
    fields.finish()
    return kubernetes


def _kubespray(fields: Fields) -> Kubespray:
    directory = fields.optional_text("directory", "../kubespray")
    repository = fields.optional_text("repository", "https://github.com/kubernetes-sigs/kubespray")
    commit = fields.optional_text("commit", "1c9add48975060f45396b34d8e022c30d7f80dab")
    wheelhouse = fields.optional_text("wheelhouse", "../wheels")
    fields.finish()
    return Kubespray(
        Path(directory) if directory else None, repository, commit, Path(wheelhouse) if wheelhouse else None
    )

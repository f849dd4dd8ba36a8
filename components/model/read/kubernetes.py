"""From the section `kubernetes` of the configuration to the cluster."""

from pathlib import Path

from components.model.cluster.ports import API_PORT, written_port
from components.model.read.fields import Fields
from components.model.read.files import read_file_name
from components.model.read.host_port import read_place
from components.model.spec import Endpoint, Kubernetes, Kubespray, defaults
from components.model.values.word import is_git_address


def parse_kubernetes(fields: Fields) -> Kubernetes:
    """Return the cluster; mistakes are added to the fields' problems."""
    variables = fields.sub("variables").values()
    kubernetes = Kubernetes(
        version=fields.text("version", '"1.35.4"'),
        pod_cidr=fields.network("podCidr", str(defaults.POD_CIDR), str(defaults.POD_CIDR)),
        service_cidr=fields.network("serviceCidr", str(defaults.SERVICE_CIDR), str(defaults.SERVICE_CIDR)),
        node_prefix=fields.integer("nodePrefix", defaults.NODE_PREFIX, 16, 30, "prefix length"),
        network_plugin=fields.choice("networkPlugin", defaults.NETWORK_PLUGINS, defaults.NETWORK_PLUGINS[0]),
        api=_api(fields, written_port(variables.get(API_PORT)) or defaults.API_PORT),
        deployer=fields.optional_text("deployer", "node001.example.org") or "",
        first_control_plane=fields.optional_text("firstControlPlane", "node002.example.org") or "",
        rotation=fields.optional_text("rotation", "2027-01") or "",
        kubespray=_kubespray(fields.sub("kubespray")),
        variables=variables,
    )
    fields.finish()
    return kubernetes


def _api(fields: Fields, port: int) -> Endpoint | None:
    text = fields.optional_text("apiAddress", "192.0.2.2")
    if not text:
        return None
    example = f"where the API is reached from outside: `192.0.2.2` (port {port}) or `api.example.org:443`"
    return read_place(fields, "apiAddress", text, port, example)


def _kubespray(fields: Fields) -> Kubespray:
    kind = "a git repository: https://..., ssh://..., HOST:PATH or an absolute path"
    repository = fields.word(
        "repository", "https://github.com/kubernetes-sigs/kubespray", is_git_address, "not-a-repository", kind
    )
    commit = fields.optional_text("commit", "1c9add48975060f45396b34d8e022c30d7f80dab")
    directory, wheelhouse = (read_file_name(fields, name, f"../{name}") for name in ("directory", "wheelhouse"))
    fields.finish()
    return Kubespray(
        Path(directory) if directory else None, repository, commit, Path(wheelhouse) if wheelhouse else None
    )

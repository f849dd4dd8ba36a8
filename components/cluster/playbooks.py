"""Files for the deployer: Kubespray or its repository's address, this project's own programs, and the inventory."""

import json
from dataclasses import dataclass

from components.model.cluster.inventory import inventory
from components.model.cluster.kubespray_variables import group_vars, proxy_variables
from components.model.convergence.state import State, to_data
from components.model.files.known_hosts import known_hosts
from components.model.files.yaml_text import to_yaml
from components.model.spec import Kubespray, Spec
from components.remote import host_files
from components.remote.archives import archive, revision

DEPLOYER_PACKAGES = ("components.hosts.deployer", "components.model.convergence", "components.model.problems")
"""The packages that the deployer's Python programs import."""

SHARED_SCRIPTS = ("homes.sh", "in_home.sh", "packages.sh")
"""The scripts that the deployer shares with every node."""


@dataclass(frozen=True)
class Source:
    """The source of the playbooks."""

    files: dict[str, bytes]
    """Files to upload, by name."""
    revision: str
    """Short name of the content: hexadecimal digits of a digest, or of a commit."""


def playbook_source(kubespray: Kubespray) -> Source:
    """Return the playbooks as an archive to upload or as the name of a commit, and the declared Python wheels."""
    files: dict[str, bytes] = {}
    if kubespray.directory is not None:
        directory = kubespray.directory.expanduser()
        files["source.tar"] = archive(directory)
        name = revision(directory)
    else:
        files["source.git"] = f"{kubespray.repository}\n{kubespray.commit}\n".encode()
        name = (kubespray.commit or "")[:12]
    if kubespray.wheelhouse is not None:
        files["wheels.tar"] = archive(kubespray.wheelhouse.expanduser())
    return Source(files, name)


def deployer_files() -> dict[str, bytes]:
    """Return this project's programs for the deployer: shell scripts, and Python packages below their paths."""
    files = dict(host_files.scripts("deployer"))
    files.update({name: host_files.scripts("node")[name] for name in SHARED_SCRIPTS})
    for name in DEPLOYER_PACKAGES:
        files.update(host_files.package(name))
    return files


def inventory_files(spec: Spec, wanted: State) -> dict[str, bytes]:
    """Return the inventory directory: hosts and groups, variables, host keys, the proxy and the declared state."""
    return {
        "hosts.yml": to_yaml(inventory(spec)).encode(),
        "group_vars/all/stretched.yml": to_yaml(group_vars(spec)).encode(),
        "known_hosts": known_hosts(spec).encode(),
        "proxy.json": json.dumps(proxy_variables(spec, wanted.deployer)).encode(),
        "declared.json": json.dumps(to_data(wanted), indent=1).encode(),
    }

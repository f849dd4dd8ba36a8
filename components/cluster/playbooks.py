"""What is uploaded to the deployer: Kubespray or where to get it, our own part, and the inventory."""

import json
from dataclasses import dataclass

from components.model.cluster.inventory import inventory
from components.model.cluster.kubespray_variables import group_vars
from components.model.convergence.state import State, to_data
from components.model.files.known_hosts import known_hosts
from components.model.files.yaml_text import to_yaml
from components.model.spec import Kubespray, Spec
from components.remote import host_files
from components.remote.archives import archive, revision

DEPLOYER_PACKAGES = ("components.hosts.deployer", "components.model.convergence", "components.model.problems")
"""What the deployer's Python imports."""

SHARED_SCRIPTS = ("homes.sh", "in_home.sh")
"""What a deployer's scripts share with those of every node."""


@dataclass(frozen=True)
class Source:
    """Where the deployer gets the playbooks: files to upload, and a short name for what is in them."""

    files: dict[str, bytes]
    revision: str


def playbook_source(kubespray: Kubespray) -> Source:
    """Return a tree to upload, or the name of a commit; and the wheels."""
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
    """Return our own part of what runs on the deployer: shell scripts, and Python packages under their names here."""
    files = dict(host_files.scripts("deployer"))
    files.update({name: host_files.scripts("node")[name] for name in SHARED_SCRIPTS})
    for name in DEPLOYER_PACKAGES:
        files.update(host_files.package(name))
    return files


def inventory_files(spec: Spec, wanted: State) -> dict[str, bytes]:
    """Return the inventory directory: hosts and groups, variables, host keys, and what it shall bring about."""
    return {
        "hosts.yml": to_yaml(inventory(spec)).encode(),
        "group_vars/all/stretched.yml": to_yaml(group_vars(spec)).encode(),
        "known_hosts": known_hosts(spec).encode(),
        "declared.json": json.dumps(to_data(wanted), indent=1).encode(),
    }

"""What is uploaded to the deployer: Kubespray or where to get it, our own part, and the inventory."""

import json
from dataclasses import dataclass
from pathlib import Path

from components import rendered
from components.model.convergence.state import State, to_data
from components.model.render.group_vars import group_vars
from components.model.render.inventory import inventory, to_yaml
from components.model.render.known_hosts import known_hosts
from components.model.spec import Kubespray, Spec

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Source:
    """Where the deployer gets the playbooks: files to upload, and a short name for what is in them."""

    files: dict[str, bytes]
    revision: str


def playbook_source(kubespray: Kubespray) -> Source:
    """Return a tree to upload, or the name of a commit; and the wheels."""
    files: dict[str, bytes] = {}
    if kubespray.directory is not None:
        files["source.tar.gz"] = rendered.archive(kubespray.directory.expanduser())
        revision = rendered.digest(files)
    else:
        files["source.git"] = f"{kubespray.repository}\n{kubespray.commit}\n".encode()
        revision = (kubespray.commit or "")[:12]
    if kubespray.wheelhouse is not None:
        files["wheels.tar.gz"] = rendered.archive(kubespray.wheelhouse.expanduser())
    return Source(files, revision)


def deployer_files() -> dict[str, bytes]:
    """Return our own part of what runs on the deployer: shell scripts, and Python under its names here."""
    files = rendered.read_directory(HERE / "scripts" / "deployer")
    package = [HERE / "__init__.py", *(HERE / "model" / name for name in ("__init__.py", "problems.py"))]
    package += [*(HERE / "model" / "convergence").glob("*.py"), *(HERE / "deployer").rglob("*.py")]
    package += (HERE / "deployer").glob("*.yml")
    files.update({str(path.relative_to(HERE.parent)): path.read_bytes() for path in package})
    return files


def inventory_files(spec: Spec, wanted: State) -> dict[str, bytes]:
    """Return the inventory directory: hosts and groups, variables, host keys, and what it shall bring about."""
    return {
        "hosts.yml": to_yaml(inventory(spec)).encode(),
        "group_vars/all/stretched.yml": to_yaml(group_vars(spec)).encode(),
        "known_hosts": known_hosts(spec).encode(),
        "declared.json": json.dumps(to_data(wanted), indent=1).encode(),
    }

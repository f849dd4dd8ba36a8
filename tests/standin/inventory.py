"""The program's own inventory, as data that a test may change before it is written."""

from dataclasses import dataclass
from pathlib import Path

from components.model.files.yaml_text import to_yaml


@dataclass(frozen=True)
class Inventory:
    """Hosts and variables as the program renders them for the example, to be changed before they are written."""

    hosts: dict[str, dict[str, object]]
    groups: dict[str, list[str]]
    variables: dict[str, object]

    def write(self, directory: Path) -> Path:
        """Write hosts.yml and the variables of k8s_cluster; return hosts.yml."""
        children: dict[str, object] = {
            name: {"hosts": {member: {} for member in members}} for name, members in self.groups.items()
        }
        children["k8s_cluster"] = {"children": {"kube_control_plane": {}, "kube_node": {}}}
        data = {"all": {"hosts": self.hosts, "children": children}}
        (directory / "group_vars" / "k8s_cluster").mkdir(parents=True)
        (directory / "group_vars" / "k8s_cluster" / "main.yml").write_text(to_yaml(self.variables), encoding="utf-8")
        (directory / "hosts.yml").write_text(to_yaml(data), encoding="utf-8")
        return directory / "hosts.yml"

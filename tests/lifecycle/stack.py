"""The stack of these tests: what is declared is changed here and there, and `pulumi up` brings the cluster there."""

import base64
import json
import re
from pathlib import Path

import yaml
from cryptography import x509

from tests.lab.place import STACK
from tests.lab.project import Project

BEFORE, AFTER = "1.35.3", "1.35.4"
"""Versions of Kubernetes: the one that is installed, and the one that it is upgraded to."""
FIRST = "uchicago002.hl-lhc.io"
"""The first control-plane node."""
START = {"mwt2": [FIRST, "uchicago005.hl-lhc.io"], "uvic": ["uvic001.hl-lhc.io"]}


class Stack(Project):
    """The stack of `base`, of which few nodes are declared at first."""

    def __init__(self, topology: Path, directory: Path, base: Path) -> None:
        super().__init__(topology, directory, base)
        self._all_sites = self.fields["sites"]
        self.fields["sites"] = {
            site: {**self._all_sites[site], "nodes": {name: self._all_sites[site]["nodes"][name] for name in names}}
            for site, names in START.items()
        }
        self.fields["kubernetes"]["version"] = BEFORE
        self._api_address = self.fields["kubernetes"].pop("apiAddress")

    def open_the_api(self) -> None:
        """Declare the address at which the API is reached from outside."""
        self.fields["kubernetes"]["apiAddress"] = self._api_address

    def add(self, site: str, name: str) -> None:
        """Declare a node as the example has it."""
        here = self.fields["sites"].setdefault(site, {**self._all_sites[site], "nodes": {}})
        here["nodes"][name] = self._all_sites[site]["nodes"][name]

    def remove(self, site: str, name: str) -> None:
        """Declare a node no more."""
        del self.fields["sites"][site]["nodes"][name]

    def node(self, site: str, name: str) -> dict[str, object]:
        """Return what is declared of a node, to be changed."""
        node: dict[str, object] = self.fields["sites"][site]["nodes"][name]
        return node

    def address(self, name: str) -> str:
        """Return a node's wg0 address, also of one that is not declared now."""
        return next(str(site["nodes"][name]["address"]) for site in self._all_sites.values() if name in site["nodes"])

    def nodes(self) -> set[str]:
        """Return the names that are declared."""
        return {name for site in self.fields["sites"].values() for name in site["nodes"]}

    def set_secret(self, variable: str, value: str) -> None:
        """Declare a secret variable as a user does."""
        self.write()
        path = f"stretched:secretVariables.{variable}"
        self.pulumi("config", "set", "--secret", "--path", path, value, "--stack", STACK)
        written = yaml.safe_load(self.file.read_text(encoding="utf-8"))["config"]
        self.fields["secretVariables"] = written["stretched:secretVariables"]

    def foretold(self) -> list[str]:
        """Return the runs that `pulumi preview` shows."""
        said = self.preview()
        return re.findall(
            r"^\s+\d+\. (.*)$", said.rpartition("Kubespray will run:")[2].partition("\n\n")[0], re.MULTILINE
        )

    def kubectl(self, *words: str) -> str:
        """Run kubectl with the user's kubeconfig: where Pulumi runs, or on a host of the mesh when it names wg0."""
        config = self.kubeconfig()
        if "apiAddress" in self.fields["kubernetes"]:
            return self.lab("run", "kubectl", "--kubeconfig", "/dev/stdin", *words, stdin=config).stdout
        done = self.lab(
            "exec", FIRST, "--", "/usr/local/bin/kubectl", "--kubeconfig", "/dev/stdin", *words, stdin=config
        )
        return done.stdout

    def live_nodes(self) -> dict[str, dict[str, object]]:
        """Return the node objects by name."""
        return {
            item["metadata"]["name"]: item for item in json.loads(self.kubectl("get", "nodes", "-o", "json"))["items"]
        }

    @property
    def deployer(self) -> str:
        """The node that runs the playbooks."""
        return str(self.fields["kubernetes"].get("deployer", FIRST))

    def ran(self) -> list[str]:
        """Return the playbooks of the last run on the deployer, with their words; without the trial of logins."""
        log = self.on(self.deployer, "cat", "/var/lib/stretched/progress.log")
        return re.findall(r"^\[ *\d+:\d\d\] ((?!logins)[\w-]+\.yml.*)$", log, re.MULTILINE)


def certificate(kubeconfig: str) -> x509.Certificate:
    """Return the client's certificate in a kubeconfig."""
    user = yaml.safe_load(kubeconfig)["users"][0]["user"]
    return x509.load_pem_x509_certificate(base64.b64decode(user["client-certificate-data"]))

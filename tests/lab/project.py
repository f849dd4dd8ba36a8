"""A project with this tree's program, as a user has one, in the lab of a topology: the stack's configuration is edited."""

from pathlib import Path

import yaml

from lab import wheelhouse
from tests.lab.place import STACK, Place
from tests.support.examples import TREE

PROGRAM = ("Pulumi.yaml", "__main__.py", "components", "requirements.txt", ".venv", "lab")
"""What a project consists of; the lab has the stand-in for Kubespray."""


class Project(Place):
    """The project, and a stack whose configuration is edited from a copy of `base`, a file of this stack.

    `fields` is the section `config`, without the project's prefix. The lab must be up.
    """

    def __init__(self, topology: Path, directory: Path, base: Path) -> None:
        super().__init__(topology, directory)
        for name in PROGRAM:
            (directory / name).symlink_to(TREE / name)
        (directory / ".lab").symlink_to(self.layout.access)
        self.file = directory / f"Pulumi.{STACK}.yaml"
        self._document = yaml.safe_load(base.read_text(encoding="utf-8"))
        self.fields = {name.removeprefix("stretched:"): value for name, value in self._document["config"].items()}

    def begin(self) -> None:
        """Make the stack, empty, and have the wheels at hand by which the stand-in is installed."""
        (self.layout.access / "wheelhouse").symlink_to(wheelhouse.ensure())
        self.write()
        self.pulumi("stack", "select", "--create", STACK)

    def write(self) -> None:
        """Write the stack's configuration."""
        config = {f"stretched:{name}": value for name, value in self.fields.items()}
        text = yaml.safe_dump({**self._document, "config": config}, sort_keys=False)
        self.file.write_text(text, encoding="utf-8")

    def preview(self, *words: str, check: bool = True) -> str:
        """Return what `pulumi preview` says."""
        self.write()
        return self.pulumi("preview", *words, "--stack", STACK, check=check).stdout

    def up(self, *words: str, check: bool = True) -> str:
        """Return what `pulumi up` says."""
        self.write()
        done = self.pulumi("up", "--yes", "--skip-preview", *words, "--stack", STACK, check=check)
        print(done.stdout)
        assert check or done.returncode != 0, "it should have failed"
        return done.stdout

    def destroy(self) -> None:
        """Destroy all that the stack has, as docs/reference.md says: what is protected is set free first."""
        self.fields["protect"] = False
        self.up()
        self.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)

    def kubeconfig(self) -> str:
        """Return the kubeconfig as a user gets it."""
        return self.pulumi("stack", "output", "kubeconfig", "--show-secrets", "--stack", STACK).stdout

"""Names of a mesh's resources: they begin with the mesh's own name, so that a program can have several meshes."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Name:
    """The name of a resource below a mesh."""

    mesh: str
    own: str
    """What it is called inside the mesh. It was the whole name before meshes had names of their own."""

    def __str__(self) -> str:
        return f"{self.mesh}-{self.own}"

    def child(self, suffix: str) -> "Name":
        """Return the name of something that belongs to it."""
        return Name(self.mesh, f"{self.own}-{suffix}")

    def options(self, opts: pulumi.ResourceOptions | None = None) -> pulumi.ResourceOptions:
        """Return options with the former name as an alias: the resource of an older stack is kept, not replaced."""
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(name=self.own)]))


def options_of(name: Name | str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Return the options of a resource with this name; a text is a name that no stack had otherwise."""
    return name.options(opts) if isinstance(name, Name) else opts

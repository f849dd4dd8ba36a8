"""Names of a mesh's resources. They begin with the mesh's own name, so that a program can have several meshes."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Name:
    """The name of a resource of a mesh."""

    mesh: str
    own: str
    """Its name within the mesh. It was the whole name before meshes had their own names."""

    def __str__(self) -> str:
        return f"{self.mesh}-{self.own}"

    def child(self, suffix: str) -> "Name":
        """Return the name of a resource that belongs to this one."""
        return Name(self.mesh, f"{self.own}-{suffix}")

    def options(self, opts: pulumi.ResourceOptions | None = None) -> pulumi.ResourceOptions:
        """Return options with the former name as an alias, so that Pulumi keeps the resource of an older stack."""
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(name=self.own)]))


def options_of(name: Name | str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Return the options of a resource with this name. A plain string has no former name."""
    return name.options(opts) if isinstance(name, Name) else opts

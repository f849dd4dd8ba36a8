"""Key material: Pulumi keeps a secret seed for each node, each client and the deployer; keys are derived from seeds."""

from collections.abc import Callable, Mapping

import pulumi
from pulumi_random import RandomPassword

from components.model.mesh import key_derivation as keys
from components.remote.last_update import LastUpdate
from components.remote.resource_names import Name

SEED = "random:index/randomPassword:RandomPassword"
"""Type token."""


def seed(name: str, rotation: str, opts: pulumi.ResourceOptions) -> RandomPassword:
    """Return a seed of more than 256 bits. Its `result` is secret; a changed `rotation` generates a new seed.

    Do not use RandomBytes, RandomId or RandomString: they keep their value in the clear, in the resource id.
    """
    return RandomPassword(name, length=keys.SEED_LENGTH, special=False, keepers={"rotation": rotation}, opts=opts)


def protection(last: LastUpdate, rotation: str, *names: str, protect: bool) -> pulumi.ResourceOptions:
    """Return the option that protects a seed on which the whole mesh depends; `protect` is what the user declares.

    Pulumi also refuses to replace a protected resource, so the run that changes `rotation` goes without protection.
    `names` are the present and former names of the seed.
    """
    keepers = last.outputs(SEED, *names).get("keepers")
    last_rotation = keepers.get("rotation") if isinstance(keepers, Mapping) else rotation
    return pulumi.ResourceOptions(protect=protect and last_rotation == rotation)


class Key(pulumi.ComponentResource):
    """A key pair that is derived from one seed."""

    private: pulumi.Output[str]
    """Secret."""
    public: pulumi.Output[str]
    """Not secret."""

    def __init__(
        self,
        name: Name,
        rotation: str,
        derive: Callable[[str], tuple[str, str]],
        opts: pulumi.ResourceOptions | None = None,
        seed_opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`derive` returns the private and the public key for a seed; `seed_opts` are further options of the seed."""
        super().__init__("stretched:index:Key", str(name), None, name.options(opts))
        seed_name = name.child("seed")
        child = pulumi.ResourceOptions.merge(seed_name.options(pulumi.ResourceOptions(parent=self)), seed_opts)
        pair = seed(str(seed_name), rotation, child).result.apply(derive)
        self.private = pulumi.Output.secret(pair.apply(lambda private_and_public: private_and_public[0]))
        self.public = pulumi.Output.unsecret(pair.apply(lambda private_and_public: private_and_public[1]))
        self.register_outputs({"public": self.public})


def deployer_key(mesh: pulumi.Resource, name: Name, rotation: str, last: LastUpdate, *, protect: bool) -> Key:
    """Return the SSH key of a mesh's deployer. Stacks of earlier versions have it without a parent."""
    former = pulumi.Alias(name=name.own, parent=pulumi.ROOT_STACK_RESOURCE)
    of_seed = name.child("seed")
    return Key(
        name,
        rotation,
        ssh,
        pulumi.ResourceOptions(parent=mesh, aliases=[former]),
        protection(last, rotation, str(of_seed), of_seed.own, protect=protect),
    )


def wireguard(from_seed: str) -> tuple[str, str]:
    """Return a WireGuard key pair, private and public, as base64."""
    private = keys.wireguard_private_key(from_seed)
    return private, keys.wireguard_public_key(private)


def ssh(from_seed: str) -> tuple[str, str]:
    """Return an Ed25519 key pair, private and public, in OpenSSH's formats."""
    return keys.ssh_private_key(from_seed), keys.ssh_public_key(from_seed)

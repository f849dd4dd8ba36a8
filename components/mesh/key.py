"""Key material: a seed per node and for the deployer, kept by Pulumi as a secret; keys are derived from it."""

from collections.abc import Callable, Mapping

import pulumi
from pulumi_random import RandomPassword

from components.model.mesh import key_derivation as keys
from components.remote.last_update import LastUpdate
from components.remote.resource_names import Name

SEED = "random:index/randomPassword:RandomPassword"
"""Type token."""


def seed(name: str, rotation: str, opts: pulumi.ResourceOptions) -> RandomPassword:
    """Return a seed of more than 256 bits. Its `result` is secret; another `rotation` makes another seed.

    Never RandomBytes, RandomId or RandomString: they keep their value in the resource id, in the clear.
    """
    return RandomPassword(name, length=keys.SEED_LENGTH, special=False, keepers={"rotation": rotation}, opts=opts)


def protection(last: LastUpdate, rotation: str, *names: str) -> pulumi.ResourceOptions:
    """Return the option that has Pulumi refuse to delete a seed that the whole mesh stands on.

    Pulumi refuses to replace what was protected and still is; so the run that brings another `rotation` does without.
    `names` are those that the seed has had.
    """
    keepers = last.outputs(SEED, *names).get("keepers")
    before = keepers.get("rotation") if isinstance(keepers, Mapping) else rotation
    return pulumi.ResourceOptions(protect=before == rotation)


class Key(pulumi.ComponentResource):
    """A private key (secret output) and its public half (not secret), both derived from one seed."""

    private: pulumi.Output[str]
    public: pulumi.Output[str]

    def __init__(
        self,
        name: Name,
        rotation: str,
        derive: Callable[[str], tuple[str, str]],
        opts: pulumi.ResourceOptions | None = None,
        seed_opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`derive` returns private and public key for a seed; `seed_opts` are further options of the seed."""
        super().__init__("stretched:index:Key", str(name), None, name.options(opts))
        of_seed = name.child("seed")
        child = pulumi.ResourceOptions.merge(of_seed.options(pulumi.ResourceOptions(parent=self)), seed_opts)
        pair = seed(str(of_seed), rotation, child).result.apply(derive)
        self.private = pulumi.Output.secret(pair.apply(lambda both: both[0]))
        self.public = pulumi.Output.unsecret(pair.apply(lambda both: both[1]))
        self.register_outputs({"public": self.public})


def wireguard(from_seed: str) -> tuple[str, str]:
    """Return a WireGuard key pair, base64."""
    private = keys.wireguard_private_key(from_seed)
    return private, keys.wireguard_public_key(private)


def ssh(from_seed: str) -> tuple[str, str]:
    """Return an Ed25519 key pair in OpenSSH's formats."""
    return keys.ssh_private_key(from_seed), keys.ssh_public_key(from_seed)

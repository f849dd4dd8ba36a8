"""The key that a whole mesh stands on, as it was in older stacks (`former`), and as it is."""

import pulumi

from components.mesh.key import Key, protection, ssh
from components.remote.last_update import last_update
from components.remote.resource_names import Name

config = pulumi.Config()
rotation = config.get("rotation") or ""
if config.get_bool("former"):
    from pulumi_random import RandomPassword

    top = pulumi.ComponentResource("stretched:index:Mesh", "mesh", None)
    key = pulumi.ComponentResource("stretched:index:Key", "deployer", None)
    RandomPassword(
        "deployer-seed",
        length=64,
        special=False,
        keepers={"rotation": rotation},
        opts=pulumi.ResourceOptions(parent=key),
    )
else:
    top = pulumi.ComponentResource("stretched:index:Mesh", "mesh", None)
    name = Name("mesh", "deployer")
    of_seed = name.child("seed")
    protect = protection(last_update(), rotation, str(of_seed), of_seed.own)
    if config.get_bool("protect") is False:
        protect = pulumi.ResourceOptions(protect=False)
    former = pulumi.Alias(name=name.own, parent=pulumi.ROOT_STACK_RESOURCE)
    key = Key(name, rotation, ssh, pulumi.ResourceOptions(parent=top, aliases=[former]), protect)
    pulumi.export("public", key.public)

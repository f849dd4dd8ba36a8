"""The key that a whole mesh stands on, as it was in older stacks (`former`), and as it is."""

import pulumi

from components.mesh.key import deployer_key
from components.remote.last_update import last_update
from components.remote.resource_names import Name

config = pulumi.Config()
rotation = config.get("rotation") or ""
mesh = pulumi.ComponentResource("stretched:index:Mesh", "mesh", None)
if config.get_bool("former"):
    from pulumi_random import RandomPassword

    key = pulumi.ComponentResource("stretched:index:Key", "deployer", None)
    RandomPassword(
        "deployer-seed",
        length=64,
        special=False,
        keepers={"rotation": rotation},
        opts=pulumi.ResourceOptions(parent=key),
    )
else:
    protect = config.get_bool("protect") is not False
    made = deployer_key(mesh, Name("mesh", "deployer"), rotation, last_update(), protect=protect)
    pulumi.export("public", made.public)

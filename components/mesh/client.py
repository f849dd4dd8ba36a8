"""One roaming client: its key, and the configuration that its owner takes."""

import pulumi

from components.mesh.key import Key, wireguard
from components.mesh.node import Node
from components.model.files.client_conf import client_conf
from components.model.mesh.key_derivation import preshared_key
from components.model.spec import Client as ClientSpec
from components.model.spec import Spec
from components.remote.resource_names import Name


class Client(pulumi.ComponentResource):
    """A device that is not ours to change. `configuration` is a whole wg-quick(8) file and secret; `public` is not."""

    spec: ClientSpec
    gateway: Node
    public: pulumi.Output[str]
    configuration: pulumi.Output[str]

    def __init__(
        self,
        name: Name,
        spec: Spec,
        client: ClientSpec,
        gateway: Node,
        mesh_seed: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`gateway` is the node that it dials; `mesh_seed` is secret."""
        super().__init__("stretched:index:Client", str(name), None, name.options(opts))
        self.spec, self.gateway = client, gateway
        key = Key(name.child("key"), client.rotation, wireguard, pulumi.ResourceOptions(parent=self))
        pair = (client.name, client.rotation), (gateway.spec.name, gateway.spec.rotation)

        def render(values: tuple[str, str, str]) -> str:
            private, public, seed = values
            preshared = preshared_key(seed, *pair) if spec.mesh.preshared_keys else None
            return client_conf(spec, client, gateway.spec, private=private, public=public, preshared=preshared)

        all_of = pulumi.Output.all(key.private, gateway.key.public, mesh_seed)
        self.configuration = pulumi.Output.secret(
            all_of.apply(lambda values: render((values[0], values[1], values[2])))
        )
        self.public = key.public
        self.register_outputs({"address": str(client.address), "publicKey": key.public})

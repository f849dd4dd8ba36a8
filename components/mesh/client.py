"""One roaming client: its key, and the configuration file for its owner."""

import pulumi

from components.mesh.key import Key, wireguard
from components.mesh.node import Node
from components.model.files.client_conf import client_conf
from components.model.mesh.key_derivation import preshared_key
from components.model.spec import Client as ClientSpec
from components.model.spec import Spec
from components.remote.resource_names import Name


class Client(pulumi.ComponentResource):
    """A roaming device, which this program does not configure itself."""

    spec: ClientSpec
    gateway: Node
    """The node that the client dials."""
    public: pulumi.Output[str]
    """Its WireGuard public key, base64. Not secret."""
    configuration: pulumi.Output[str]
    """A complete configuration for wg-quick(8). Secret."""

    def __init__(
        self,
        name: Name,
        spec: Spec,
        client: ClientSpec,
        gateway: Node,
        mesh_seed: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`gateway` is the node that the client dials; `mesh_seed` is the seed of preshared keys, secret."""
        super().__init__("stretched:index:Client", str(name), None, name.options(opts))
        self.spec, self.gateway = client, gateway
        key = Key(name.child("key"), client.rotation, wireguard, pulumi.ResourceOptions(parent=self))
        pair = (client.name, client.rotation), (gateway.spec.name, gateway.spec.rotation)

        def render(values: tuple[str, str, str]) -> str:
            private, public, seed = values
            preshared = preshared_key(seed, *pair) if spec.mesh.preshared_keys else None
            return client_conf(spec, client, gateway.spec, private=private, public=public, preshared=preshared)

        inputs = pulumi.Output.all(key.private, gateway.key.public, mesh_seed)
        self.configuration = pulumi.Output.secret(
            inputs.apply(lambda values: render((values[0], values[1], values[2])))
        )
        self.public = key.public
        self.register_outputs({"address": str(client.address), "publicKey": key.public})

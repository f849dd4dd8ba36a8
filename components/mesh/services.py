"""Services on one host: HAProxy, nftables, or both, on entry nodes and on nodes that forward to other hosts."""

import pulumi
from pulumi_command.remote import Command

from components.mesh.node import Node
from components.model.files.haproxy import haproxy_cfg
from components.model.files.services_nft import services_nft, udp_conf
from components.model.services.serving import Serving
from components.remote import host_files
from components.remote.bundles import Bundle
from components.remote.commands import Script, command

KIND = "services"
SERVICES = Script(KIND, "services.sh", limit=600)


def files(serving: Serving) -> dict[str, bytes]:
    """Return the files of a node's bundle for services, by name; empty when the node serves nothing."""
    if not serving.anything:
        return {}
    facts = {
        "services.cfg": haproxy_cfg(serving),
        "services.nft": services_nft(serving),
        "services.conf": udp_conf(serving),
    }
    return {**host_files.scripts("services"), **{name: text.encode() for name, text in facts.items()}}


class Services(pulumi.ComponentResource):
    """The services of one host."""

    served: Command
    """The command after which the configuration for services is in force."""

    def __init__(
        self,
        node: Node,
        uploaded: Bundle,
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Apply `uploaded`, a bundle with the result of `files`."""
        name = node.name.child("services")
        super().__init__("stretched:index:Services", str(name), None, name.options(opts))
        take_over = uploaded.take_over(node.host, node.spec.name)
        self.served = command(
            node.name.child("served"),
            node.host,
            create=f"{take_over} && {SERVICES.line(node.host, 'apply', of=uploaded)}",
            delete=SERVICES.line_for_delete(node.host, node.spec.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        self.register_outputs({})

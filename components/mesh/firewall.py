"""A host's firewall: loaded by one connection, and kept once another one has got through it."""

import pulumi
from pulumi_command.remote import Command

from components.mesh.node import Node
from components.remote import host_files
from components.remote.bundles import Bundle, unbundled
from components.remote.commands import COMMAND, Script, command
from components.remote.last_update import LastUpdate, Outputs
from components.remote.uploads import digest

KIND = "firewall"
FIREWALL = Script("node", "firewall.sh", limit=300)
FACTS = "firewall.conf"
"""The one file of a bundle of this kind; the scripts are in that of the tunnel."""
OURS = ("firewall.nft", "firewall.service", "firewall.sh", "firewall_rules.sh")
"""The scripts whose change makes another firewall."""


class Firewall(pulumi.ComponentResource):
    """The firewall of one host. `confirmed` succeeds when a new connection got through it."""

    confirmed: Command

    def __init__(
        self,
        node: Node,
        facts: Bundle,
        last: LastUpdate,
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`facts` has what is open, in the file FACTS."""
        name = node.name.child("firewall")
        super().__init__("stretched:index:Firewall", str(name), None, name.options(opts))
        steps = node.name.child("firewalled"), node.name.child("firewall-confirmed")
        attempts = [last.outputs(COMMAND, str(step), step.own) for step in steps]
        token = _token(_digest(facts), *attempts)
        take_over = facts.take_over(node.host, node.spec.name)
        loaded = command(
            steps[0],
            node.host,
            create=f"{take_over} && {FIREWALL.line(node.host, 'apply', facts.name, token)}",
            delete=FIREWALL.line_for_delete(node.host),
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        self.confirmed = command(
            steps[1],
            node.host,
            create=FIREWALL.line(node.host, "confirm", token),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[loaded], hooks=_explaining(str(node.name))),
        )
        self.register_outputs({})


def _explaining(name: str) -> pulumi.ResourceHookBinding:
    """Return what tells people what a connection that fails here means."""

    def tell(args: pulumi.ErrorHookArgs) -> bool:
        if args.errors and "failed attempts" in args.errors[0]:  # as the plug-in says when it cannot connect
            pulumi.log.error(
                f"{name}: no new SSH connection gets through the firewall that was just loaded, so it is not kept: "
                "within two minutes the host is as it was before, by itself. Look at firewall.ssh and at how Pulumi "
                "reaches this host, then run pulumi up again"
            )
        return False  # no further try

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{name}-firewall-unconfirmed", tell)])


def _digest(facts: Bundle) -> str:
    return digest({**unbundled(facts.content), **{name: host_files.scripts("node")[name] for name in OURS}})


def _token(digest: str, loaded: Outputs, confirmed: Outputs) -> str:
    """Return what names this firewall and the attempt to load it.

    A host takes rules back that nobody confirmed, and the state has them as loaded: the next run needs another name, or
    it would not load them again.
    """
    before, kept = (str(outputs.get("create", "")).rpartition(" ")[2] for outputs in (loaded, confirmed))
    known, _, attempt = before.partition(".")
    if known != digest:
        return f"{digest}.1"
    return before if before == kept else f"{digest}.{int(attempt) + 1}"

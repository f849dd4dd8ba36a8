"""A host's firewall: one SSH connection loads it, and a second one, made through it, confirms it."""

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
"""The only file of the bundle; the scripts are in the tunnel's bundle."""
SCRIPTS = (
    *("firewall.nft", "firewall.service", "firewall.sh", "firewall_rules.sh"),
    *("others.sh", "firewalld.sh", "ufw.sh"),
)
"""The scripts whose change loads the firewall again, and has it confirmed again."""


class Firewall(pulumi.ComponentResource):
    """The firewall of one host."""

    confirmed: Command
    """Succeeds when a new SSH connection passes the firewall."""

    def __init__(
        self,
        node: Node,
        facts: Bundle,
        last: LastUpdate,
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`facts` holds the open ports and their sources, in the file FACTS."""
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
            delete=FIREWALL.line_for_delete(node.host, node.spec.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        self.confirmed = command(
            steps[1],
            node.host,
            create=FIREWALL.line(node.host, "confirm", token),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[loaded], hooks=_error_hook(str(node.name))),
        )
        self.register_outputs({})


def _error_hook(name: str) -> pulumi.ResourceHookBinding:
    """Return the hook that explains a failed connection of the second command."""

    def explain_failure(args: pulumi.ErrorHookArgs) -> bool:
        if args.errors and "failed attempts" in args.errors[0]:  # the plug-in's words for a failed connection
            pulumi.log.error(
                f"{name}: no new SSH connection gets through the firewall that was just loaded. Within two minutes the "
                "host restores its previous rules by itself. Check that firewall.ssh includes the address from which "
                "Pulumi reaches this host, then run pulumi up again"
            )
        return False  # do not retry

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{name}-firewall-unconfirmed", explain_failure)])


def _digest(facts: Bundle) -> str:
    return digest({**unbundled(facts.content), **{name: host_files.scripts("node")[name] for name in SCRIPTS}})


def _token(digest: str, loaded: Outputs, confirmed: Outputs) -> str:
    """Return the token `DIGEST.ATTEMPT` that names a firewall and the attempt to load it.

    `loaded` and `confirmed` are the outputs of both commands in the last run. A host restores its previous rules when
    nobody confirms the new ones, but the stack's state has these as loaded: the next run needs another token, or it
    would not load them again.
    """
    last_loaded, last_confirmed = (str(outputs.get("create", "")).rpartition(" ")[2] for outputs in (loaded, confirmed))
    last_digest, _, attempt = last_loaded.partition(".")
    if last_digest != digest:
        return f"{digest}.1"
    return last_loaded if last_loaded == last_confirmed else f"{digest}.{int(attempt) + 1}"

"""Connections through a bastion, and whose fault it is when one fails.

The plug-in says "proxy: ..." for both ends. It tells how often it tried, too, and the two are tried a different number
of times: so the number names the end.
"""

import re
from collections.abc import Sequence

import pulumi
from pulumi_command.remote import ProxyConnectionArgs

from components.model.spec import SshTarget

DIAL_ERROR_LIMIT = 5
"""Of the bastion: more than a host's, as sshd turns some away at random when many come at once (MaxStartups)."""


def proxy_of(
    target: SshTarget, private_key: pulumi.Output[str] | None, per_dial_timeout: int
) -> ProxyConnectionArgs | None:
    """Return how Pulumi reaches a target's bastion; None: there is none. Timeout in seconds."""
    bastion = target.bastion
    if bastion is None:
        return None
    return ProxyConnectionArgs(
        host=bastion.host,
        port=bastion.port,
        user=bastion.user,
        private_key=private_key,
        host_key=bastion.host_key,
        dial_error_limit=DIAL_ERROR_LIMIT,
        per_dial_timeout=per_dial_timeout,
    )


def explain(target: SshTarget, errors: Sequence[str]) -> str | None:
    """Return in words which end of a connection failed, the newest error first; None: it was not the connection."""
    bastion = target.bastion
    found = re.search(r"proxy: after (\d+) failed attempts: (.*)", errors[0], re.DOTALL) if errors and bastion else None
    if bastion is None or found is None:
        return None
    tries, why = int(found[1]), found[2].strip()
    through = f"the bastion {bastion.host} (port {bastion.port}, user {bastion.user})"
    host = f"{target.host} (port {target.port}, user {target.user})"
    if tries == DIAL_ERROR_LIMIT:
        return (
            f"{through} cannot be used: {why}. Nothing is known about the hosts behind it. Is it up, reachable from "
            "here, its host key right, and our key in its authorized_keys?"
        )
    if "rejected" in why:
        return f"{through} answers, but cannot connect to {host}: {why}. Is the host up, and may the bastion reach it?"
    return f"{through} answers, but {host} behind it lets nobody in: {why}. Are its host key and our key there right?"


def explaining(name: str, target: SshTarget) -> pulumi.ResourceHookBinding | None:
    """Return what tells the two ends apart when a resource cannot be made; None where there is no bastion."""
    if target.bastion is None:
        return None

    def tell(args: pulumi.ErrorHookArgs) -> bool:
        words = explain(target, args.errors)
        if words:
            pulumi.log.error(f"{name}: {words}")
        return False  # no further try

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{name}-through-bastion", tell)])

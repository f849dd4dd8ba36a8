"""Connections through a bastion, and messages that say which end failed.

The plug-in reports "proxy: ..." for both the bastion and the host behind it, with the number of attempts. Their limits
of attempts differ, so the number identifies the end.
"""

import re
from collections.abc import Sequence

import pulumi
from pulumi_command.remote import ProxyConnectionArgs

from components.model.spec import Bastion, SshTarget

DIAL_ERROR_LIMIT = 5
"""Attempts to connect to a bastion: more than for a host, because sshd drops some of many connections (MaxStartups)."""


def proxy_of(bastion: Bastion, private_key: pulumi.Output[str] | None, per_dial_timeout: int) -> ProxyConnectionArgs:
    """Return the connection to a bastion. `private_key` opens it, secret; `per_dial_timeout` is in seconds."""
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
    """Return a message that says which end of a connection failed; None when the failure is not of the connection.

    `errors` are the messages of the engine, the newest first.
    """
    bastion = target.bastion
    if bastion is None or not errors:
        return None
    failure = re.search(r"proxy: after (\d+) failed attempts: (.*)", errors[0], re.DOTALL)
    if failure is None:
        return None
    attempts, reason = int(failure[1]), failure[2].strip()
    through = f"the bastion {bastion.host} (port {bastion.port}, user {bastion.user})"
    host = f"{target.host} (port {target.port}, user {target.user})"
    if attempts == DIAL_ERROR_LIMIT:
        return (
            f"{through} cannot be used: {reason}. Hosts behind it were not contacted. Check that the bastion is up and "
            "reachable from here, that its hostKey is right, and that its authorized_keys has Pulumi's SSH key"
        )
    if "rejected" in reason:
        return (
            f"{through} answers, but cannot connect to {host}: {reason}. Check that the host is up, and that the "
            "bastion can reach it"
        )
    return (
        f"{through} answers, but the login on {host} behind it failed: {reason}. Check that the host's hostKey is "
        "right, and that its authorized_keys has Pulumi's SSH key"
    )


def error_hook(name: str, target: SshTarget) -> pulumi.ResourceHookBinding | None:
    """Return the hook that explains a failed connection through the bastion; None when there is no bastion."""
    if target.bastion is None:
        return None

    def explain_failure(args: pulumi.ErrorHookArgs) -> bool:
        message = explain(target, args.errors)
        if message:
            pulumi.log.error(f"{name}: {message}")
        return False  # do not retry

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{name}-through-bastion", explain_failure)])

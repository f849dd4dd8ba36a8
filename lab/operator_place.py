"""The operator's place: where Pulumi, kubectl and people run, with the WAN as their only network."""

import os
from collections.abc import Mapping
from pathlib import Path

from lab import access
from lab.layout import Layout
from tools import pulumi
from tools.pins import pins


def environment(layout: Layout, mirror: Path | None) -> Mapping[str, str]:
    """Return the environment of `python -m lab run`: what Pulumi needs, and the lab's kubectl first on PATH."""
    values = {
        **pulumi.environment(),
        "PULUMI_BACKEND_URL": f"file://{access.pulumi_state(layout)}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(access.passphrase(layout)),
    }
    for name in ("PULUMI_STACK", "PULUMI_CONFIG_PASSPHRASE"):  # either would take precedence over the lab's settings
        values.pop(name, None)
    if mirror:
        values["PATH"] = os.pathsep.join([str(mirror / f"v{pins().kubernetes}"), values["PATH"]])
    return values

"""The stack's configuration: read, parsed, and refused with one clear message."""

from pathlib import Path

import pulumi

from components.model.parse import parse
from components.model.problems import ConfigError
from components.model.spec import Spec
from components.remote import Access

SECTIONS = ("mesh", "ssh", "kubernetes", "sites")


def load(config: pulumi.Config) -> tuple[Spec, Access]:
    """Return what is declared and how Pulumi logs in. Raises pulumi.RunError, which is shown without a traceback."""
    values = {name: value for name in SECTIONS if (value := config.get_object(name)) is not None}
    try:
        spec = parse(values, lambda name: Path(name).expanduser().read_text(encoding="utf-8"))
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from None
    ssh = values.get("ssh")
    key_file = ssh.get("privateKeyFile") if isinstance(ssh, dict) else None
    return spec, Access.from_key_file(key_file)

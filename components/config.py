"""The stack's configuration: read, parsed, and refused with one clear message."""

import json
from pathlib import Path

import pulumi
from pulumi.runtime.config import is_config_secret

from components.model.parse import parse
from components.model.problems import ConfigError, Problem
from components.model.spec import Spec
from components.remote import Access

SECTIONS = ("mesh", "ssh", "firewall", "kubernetes", "sites")
SECRET_VARIABLES = "secretVariables"  # noqa: S105 - a name


def load(config: pulumi.Config) -> tuple[Spec, Access, pulumi.Output[str]]:
    """Return what is declared, how Pulumi logs in, and the secret variables of Kubespray as JSON (secret).

    Raises pulumi.RunError, which is shown without a traceback.
    """
    names = (*SECTIONS, SECRET_VARIABLES)
    values = {name: value for name in names if (value := config.get_object(name)) is not None}
    try:
        _refuse_secrets(config)
        spec = parse(values, lambda name: Path(name).expanduser().read_text(encoding="utf-8"))
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from None
    ssh = values.get("ssh")
    key_file = ssh.get("privateKeyFile") if isinstance(ssh, dict) else None
    variables = json.dumps(values.get(SECRET_VARIABLES, {}), sort_keys=True)
    return spec, Access.from_key_file(key_file), pulumi.Output.secret(variables)


def _refuse_secrets(config: pulumi.Config) -> None:
    """Refuse secret values where they would be uploaded as plain files."""
    found = [
        Problem(
            name,
            "holds a secret value, and what is written here is uploaded as plain files",
            f"write a secret Kubespray variable with `pulumi config set --secret --path {SECRET_VARIABLES}.NAME`",
        )
        for name in SECTIONS
        if is_config_secret(config.full_key(name))
    ]
    if found:
        raise ConfigError(tuple(found))

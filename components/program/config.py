"""The stack's configuration: read, parsed, and refused with one clear message."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from components.model.problems import ConfigError, Problem
from components.program.declaration import Declaration, declare

SECTIONS = ("mesh", "ssh", "firewall", "kubernetes", "sites", "clients", "services")
PROTECT = "protect"
SECRET_VARIABLES = "secretVariables"  # noqa: S105 - a name


@dataclass(frozen=True)
class Configuration:
    """What the stack's configuration says."""

    declaration: Declaration
    private_key: pulumi.Output[str] | None
    """The SSH key that lets Pulumi in. Secret; None: the SSH agent."""
    secret_variables: pulumi.Output[dict[str, object]]
    """Kubespray variables that are secrets, by their names. Secret."""


def load(config: pulumi.Config, *, others: bool = False) -> Configuration:
    """Return the configuration, checked and compared with the last run.

    With `others` the configuration may have names that are not ours. Raises pulumi.RunError, which is shown without a
    traceback.
    """
    known = (*SECTIONS, PROTECT, SECRET_VARIABLES)
    values, unreadable = _values(config, known)
    if not others:
        values |= {name: None for name in _names(config) if name not in known}
    if unreadable:
        raise pulumi.RunError(str(ConfigError(unreadable)))  # what follows from these would be told, too
    declaration = declare(values, problems=(*_secrets(config), *_prefixes(config)))
    variables = values.get(SECRET_VARIABLES)
    return Configuration(
        declaration,
        _private_key(values.get("ssh")),
        pulumi.Output.secret(variables if isinstance(variables, dict) else {}),
    )


def _private_key(ssh: object) -> pulumi.Output[str] | None:
    """Return the text of the file that `ssh.privateKeyFile` names; it has been read before, to check it."""
    name = ssh.get("privateKeyFile") if isinstance(ssh, dict) else None
    if not name:
        return None
    return pulumi.Output.secret(Path(str(name).strip()).expanduser().read_text(encoding="utf-8"))


def _values(config: pulumi.Config, names: Iterable[str]) -> tuple[dict[str, object], tuple[Problem, ...]]:
    """Return what is written below each name. Pulumi's own error would show all of a value, a secret one too."""
    values: dict[str, object] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            value = config.get_object(name)
        except (pulumi.ConfigTypeError, RecursionError):
            what = "is neither a mapping nor a list, or has too many levels"
            problems.append(
                Problem("not-data", name, what, f"write `{name}:` and what is below it in the stack's file")
            )
            continue
        if value is not None:
            values[name] = value
    return values, tuple(problems)


def _names(config: pulumi.Config) -> list[str]:
    """Return all names that the stack's configuration has for this project, also those that nobody asks for."""
    prefix = f"{config.name}:"
    return sorted(key.removeprefix(prefix) for key in CONFIG.get() if key.startswith(prefix))


def _prefixes(config: pulumi.Config) -> tuple[Problem, ...]:
    """Return names of ours below a prefix that is nearly this project's: nobody else would notice."""
    keys = (key.partition(":") for key in sorted(CONFIG.get()))
    return tuple(
        Problem(
            "wrong-prefix",
            f"{prefix}:{name}",
            f"begins with {prefix}, and this project is {config.name}",
            f"write `{config.name}:{name}`",
        )
        for prefix, _, name in keys
        if prefix != config.name and difflib.get_close_matches(prefix, [config.name], cutoff=0.8)
    )


def _secrets(config: pulumi.Config) -> tuple[Problem, ...]:
    """Return the mistakes of secret values where they would be uploaded as plain files."""
    return tuple(
        Problem(
            "secret",
            name,
            "holds a secret value, and what is written here is uploaded as plain files",
            f"write a secret Kubespray variable with `pulumi config set --secret --path {SECRET_VARIABLES}.NAME`",
        )
        for name in SECTIONS
        if is_config_secret(config.full_key(name))
    )

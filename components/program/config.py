"""The stack's configuration: it is read and checked, and all mistakes are reported in one message."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from components.model.problems import ConfigError, Problem
from components.program.declaration import Declaration, declare

SECTIONS = ("mesh", "ssh", "firewall", "kubernetes", "sites", "clients", "services")
PROTECT = "protect"
SECRET_VARIABLES = "secretVariables"  # noqa: S105 - a name


@dataclass(frozen=True)
class Configuration:
    """The stack's configuration, checked."""

    declaration: Declaration
    secret_variables: pulumi.Output[dict[str, object]]
    """Secret Kubespray variables by name. Secret."""


def load(config: pulumi.Config, *, others: bool = False) -> Configuration:
    """Return the configuration, checked and compared with the last run.

    With `others` the configuration may also have keys of another program. Raises pulumi.RunError, which Pulumi shows
    without a traceback, with all mistakes.
    """
    known = (*SECTIONS, PROTECT, SECRET_VARIABLES)
    values, unreadable = _values(config, known)
    if not others:
        values |= {name: None for name in _names(config) if name not in known}
    if unreadable:
        raise pulumi.RunError(str(ConfigError(unreadable)))  # further checks would report consequences of these
    declaration = declare(values, problems=(*_secrets(config), *_prefixes(config)))
    variables = values.get(SECRET_VARIABLES)
    return Configuration(
        declaration,
        pulumi.Output.secret(variables if isinstance(variables, dict) else {}),
    )


def _values(config: pulumi.Config, names: Iterable[str]) -> tuple[dict[str, object], tuple[Problem, ...]]:
    """Return the value of each key, and problems of those that are no data.

    Pulumi's own error would show the whole value, even of a secret.
    """
    values: dict[str, object] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            value = config.get_object(name)
        except (pulumi.ConfigTypeError, RecursionError):
            fault = "is neither a mapping nor a list, or has too many levels"
            problems.append(
                Problem("not-data", name, fault, f"write `{name}:` with its fields below in the stack's file")
            )
            continue
        if value is not None:
            values[name] = value
    return values, tuple(problems)


def _names(config: pulumi.Config) -> list[str]:
    """Return all keys of this project in the stack's configuration, also unknown ones, without the prefix."""
    prefix = f"{config.name}:"
    return sorted(key.removeprefix(prefix) for key in CONFIG.get() if key.startswith(prefix))


def _prefixes(config: pulumi.Config) -> tuple[Problem, ...]:
    """Return problems of keys whose prefix resembles this project's name: nothing else reports the typing error."""
    keys = (key.partition(":") for key in sorted(CONFIG.get()))
    return tuple(
        Problem(
            "wrong-prefix",
            f"{prefix}:{name}",
            f"has the prefix {prefix}, but this project is named {config.name}",
            f"write `{config.name}:{name}`",
        )
        for prefix, _, name in keys
        if prefix != config.name and difflib.get_close_matches(prefix, [config.name], cutoff=0.8)
    )


def _secrets(config: pulumi.Config) -> tuple[Problem, ...]:
    """Return problems of secret values in sections whose content is uploaded in plain files."""
    return tuple(
        Problem(
            "secret",
            name,
            "holds a secret value, but this section is uploaded to hosts in plain files",
            f"write a secret Kubespray variable with `pulumi config set --secret --path {SECRET_VARIABLES}.NAME`",
        )
        for name in SECTIONS
        if is_config_secret(config.full_key(name))
    )

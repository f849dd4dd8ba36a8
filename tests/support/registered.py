"""What the program registered: commands, their order, and the text in them that is not secret."""

from pathlib import Path

from tests.support.program import SECRET, SECRET_VALUE, Registered
from tests.support.uploads import uploaded_files

COMMAND = "command:remote:Command"
COPY = "command:remote:CopyToRemote"
Resources = dict[str, Registered]


def remote(resources: Resources) -> list[Registered]:
    return [resource for resource in resources.values() if resource.type in (COMMAND, COPY)]


def plain_text(value: object) -> str:
    """Everything in a value that is not inside a secret's envelope."""
    if isinstance(value, dict):
        if value.get(SECRET) == SECRET_VALUE:
            return ""
        return " ".join(plain_text(item) for item in value.values())
    if isinstance(value, list):
        return " ".join(plain_text(item) for item in value)
    return str(value)


def ancestors(resources: Resources, name: str) -> set[str]:
    """Names of all resources that come before one."""
    by_urn = {resource.urn: resource for resource in resources.values()}
    seen: set[str] = set()
    waiting = [resources[name].urn]
    while waiting:
        for urn in by_urn[waiting.pop()].dependencies:
            if urn not in seen:
                seen.add(urn)
                waiting.append(urn)
    return {by_urn[urn].name for urn in seen}


def uploaded(place: Path, name: str) -> list[str]:
    """Return the lines of a node's public configuration, as it is uploaded."""
    return uploaded_files(place, name)["wg0.public.conf"].splitlines()


def secrets(resources: dict[str, Registered], name: str) -> list[str]:
    stdin = resources[f"{COMMAND} mesh-{name}-grown"].inputs["stdin"]
    assert isinstance(stdin, dict)
    assert stdin[SECRET] == SECRET_VALUE
    return str(stdin["value"]).splitlines()

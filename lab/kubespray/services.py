"""`python -m lab kubespray`: preparation of a running lab for real Kubespray."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from lab import access, enter, record, rootfilesystem, wheelhouse
from lab.command import run
from lab.errors import LabError
from lab.kubernetes import images
from lab.kubespray import artifacts, configuration, extra, packages, registry, service
from lab.kubespray.service import Mirror
from lab.layout import Layout
from lab.record import Record
from lab.topology import Host, System, Topology
from tools.errors import ToolError
from tools.progress import step

VERSION = "2.31.0"
"""Version of Kubespray whose downloads the mirror has."""
_APT_SOURCE = "/etc/apt/sources.list.d/kubespray.list"
_PLAYBOOKS = ("boilerplate", "cluster", "scale", "remove_node", "upgrade_cluster", "reset")


def prepare(
    topology: Topology, layout: Layout, known: Record, checkout: Path, brought: Path, versions: Sequence[str]
) -> Path:
    """Prepare the lab, and return the configuration with which `pulumi up` runs this checkout. It can be repeated.

    `versions` are those of Kubernetes to serve. Raises LabError, with all mistakes in the arguments, or ToolError.
    """
    if problems := list(mistakes(layout, checkout, brought, versions)):
        raise LabError("\n".join(["real Kubespray cannot be run:", *(f"  - {problem}" for problem in problems)]))
    made = artifacts.ensure(versions, brought)
    wheels = wheelhouse.ensure(checkout / "requirements.txt")
    image = rootfilesystem.ensure(System())
    mirror = Mirror(topology.operator, made / "files", packages.repository(image), registry.storage(made))
    with record.locked(layout.lock):
        service.serve(mirror, layout, known.directories)
        offer_packages(topology, layout, mirror)
    written = configuration.write(layout, checkout.resolve(), wheels, mirror, made)
    print(f"    {written} is the configuration: pulumi up --config-file", flush=True)
    return written


def mistakes(layout: Layout, checkout: Path, brought: Path, versions: Sequence[str]) -> Iterator[str]:
    """Yield the mistakes in the user's arguments, and obstacles in the lab."""
    galaxy = checkout / "galaxy.yml"
    if not checkout.is_dir():
        yield f"{checkout} is not a directory: give a checkout of Kubespray v{VERSION}"
    elif not galaxy.is_file():
        yield f"{checkout} is not a checkout of Kubespray: it has no galaxy.yml"
    elif (version := yaml.safe_load(galaxy.read_text(encoding="utf-8")).get("version")) != VERSION:
        yield f"{checkout} is Kubespray {version}, the mirror has the files of {VERSION}: check out the tag v{VERSION}"
    else:
        wanted = [*(f"playbooks/{name}.yml" for name in _PLAYBOOKS), "requirements.txt"]
        missing = [name for name in wanted if not (checkout / name).is_file()]
        if missing:
            yield f"{checkout} is incomplete, it lacks {', '.join(missing)}"
    declared = configuration.version()
    if declared not in versions:
        yield f"{configuration.BASE.name} declares Kubernetes {declared}: --versions must include it"
    if not configuration.path(layout).exists() and _has_resources(access.pulumi_state(layout), layout.name):
        yield "the lab's cluster is the stand-in's, which Kubespray cannot take over: run `make down` first"
    try:
        extra.check(brought, images.architecture())
    except ToolError as error:
        yield str(error)


def _has_resources(backend: Path, stack: str) -> bool:
    """Tell whether the stack has resources, according to the state file of Pulumi's file backend."""
    file = backend / ".pulumi/stacks/stretched" / f"{stack}.json"
    if not file.exists():
        return False
    latest = json.loads(file.read_text(encoding="utf-8")).get("checkpoint", {}).get("latest") or {}
    return bool(latest.get("resources"))


def offer_packages(topology: Topology, layout: Layout, mirror: Mirror) -> None:
    """Add the mirror's packages to the sources of apt on every host. Raises LabError."""
    with step("apt on the hosts: the mirror's packages"), ThreadPoolExecutor() as pool:
        list(pool.map(lambda host: _offer_packages(host, layout, mirror), topology.hosts))


def _offer_packages(host: Host, layout: Layout, mirror: Mirror) -> None:
    source = f"deb [trusted=yes] {mirror.files_url}/{service.PACKAGES} ./\n"
    # Kubespray does not update the package lists more than once a day.
    script = f"cat >{_APT_SOURCE} && apt-get --quiet update"
    command = enter.host_command(host, layout, ["sh", "-c", script])
    if command is None:
        message = f"{host.name} is not running: run `python -m lab up`"
        raise LabError(message)
    run(*command, stdin=source)

"""`python -m lab`: the lab's command line."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab import down, enter, kubernetes, mirror, operator_place, record, status, up
from lab.errors import LabError
from lab.kubespray import services
from lab.layout import DEFAULT_TOPOLOGY, Layout
from lab.topology import OPERATOR, Topology
from lab.topology_file import load
from tools.errors import ToolError
from tools.pins import pins

_USER_ERROR = 2
_ROUTER = "router:"
_PLACES_LEAF = "places"  # commands in the operator's place or at routers end with the lab


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code, which is 2 for problems that the user can fix."""
    options = _parser().parse_args(arguments)
    commands: Mapping[str, Callable[[argparse.Namespace, Topology, Layout], int]] = {
        "up": _up,
        "down": _down,
        "status": _status,
        "exec": _exec,
        "run": _run,
        "mirror": _mirror,
        "kubespray": _kubespray,
    }
    try:
        topology = load(options.topology)
        _need_root()
        return commands[options.command](options, topology, Layout(topology.name))
    except (LabError, ToolError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return _USER_ERROR
    except KeyboardInterrupt:
        print("lab: interrupted; the next `up` finishes the lab, `down` removes it", file=sys.stderr)
        return 130


def _need_root() -> None:
    if os.geteuid() != 0:
        message = "the lab needs root, because it makes namespaces, cgroups and network devices: run it as root"
        raise LabError(message)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="Hosts at several sites, on one machine.")
    parser.add_argument("--topology", type=Path, default=DEFAULT_TOPOLOGY, metavar="FILE", help="default: %(default)s")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="make the lab, or finish it; return when every host is reachable")
    commands.add_parser("down", help="remove the lab, its keys and its Pulumi state")
    commands.add_parser("status", help="print every host's state; exit code 0 only if all is up")
    execute = commands.add_parser("exec", help="run a command as root on a host, without its network")
    execute.add_argument("place", help=f"a host (also by its short name), {_ROUTER}SITE, or {OPERATOR}")
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    run = commands.add_parser("run", help="run a command in the operator's place, set up for Pulumi")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND")
    other = commands.add_parser("mirror", help="offer another Kubernetes version to the running hosts")
    other.add_argument("version", help="such as 1.35.3, without a leading v")
    real = commands.add_parser("kubespray", help="serve what real Kubespray needs, and write its configuration")
    real.add_argument("checkout", type=Path, help="Kubespray, at the tag that docs/lab.md names")
    real.add_argument("extra", type=Path, help="a directory with the files that no registry has, see docs/lab.md")
    real.add_argument(
        "--versions",
        default=pins().kubernetes,
        help="versions of Kubernetes, separated by commas; default: %(default)s",
    )
    return parser


def _up(_: argparse.Namespace, topology: Topology, where: Layout) -> int:
    up.up(topology, where, kubernetes.ensure() if topology.mirror else None)
    return 0


def _down(_: argparse.Namespace, __: Topology, where: Layout) -> int:
    down.down(where)
    return 0


def _status(_: argparse.Namespace, topology: Topology, where: Layout) -> int:
    return 0 if status.status(topology, where) else 1


def _exec(options: argparse.Namespace, topology: Topology, where: Layout) -> int:
    known = _existing(where)
    place: str = options.place
    if place == OPERATOR:
        known.directories.join(_PLACES_LEAF)
        return _become([*enter.netns_command(where.operator_netns), *_argv(options)])
    if place.startswith(_ROUTER):
        site = place.removeprefix(_ROUTER)
        if site not in {site.name for site in topology.sites}:
            message = f"there is no site {site}; the sites are {', '.join(site.name for site in topology.sites)}"
            raise LabError(message)
        known.directories.join(_PLACES_LEAF)
        return _become([*enter.netns_command(where.router_netns(site)), *_argv(options)])
    hosts = {name: host for host in topology.hosts for name in (host.name, host.short)}
    if place not in hosts:
        message = f"there is no host {place}; the hosts are {', '.join(host.short for host in topology.hosts)}"
        raise LabError(message)
    command = enter.host_command(hosts[place], where, _argv(options), terminal=os.isatty(0) and os.isatty(1))
    if command is None:
        message = f"{place} is not running: see `python -m lab status`"
        raise LabError(message)
    enter.join_host(hosts[place], where, known.directories)
    return _become(command)


def _run(options: argparse.Namespace, _: Topology, where: Layout) -> int:
    known = _existing(where)
    environment = operator_place.environment(where, Path(known.mirror) if known.mirror else None)
    known.directories.join(_PLACES_LEAF)
    return _become([*enter.netns_command(where.operator_netns), *_argv(options)], environment)


def _mirror(options: argparse.Namespace, _: Topology, where: Layout) -> int:
    _existing(where)
    mirror.add_to_running(where, kubernetes.ensure(options.version))
    return 0


def _kubespray(options: argparse.Namespace, topology: Topology, where: Layout) -> int:
    versions: str = options.versions
    services.prepare(topology, where, _existing(where), options.checkout, options.extra, versions.split(","))
    return 0


def _existing(where: Layout) -> record.Record:
    known = record.read(where)
    if known is None:
        message = f"the lab {where.name} is down: run `python -m lab up`"
        raise LabError(message)
    return known


def _argv(options: argparse.Namespace) -> list[str]:
    argv: list[str] = options.argv
    if argv[:1] == ["--"]:
        argv = argv[1:]
    if not argv:
        message = f"{options.command}: no command given"
        raise LabError(message)
    return argv


def _become(command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Replace this process by the command, which then has its exit code, signals and terminal."""
    sys.stdout.flush()
    os.execvpe(command[0], list(command), environment or os.environ)  # noqa: S606 - no shell is the point

"""fit CONFIGURATION ROUTES: which peers of wg0 are reached by a path that carries less than wg0's MTU.

CONFIGURATION is wg0.conf; its keys are ignored. ROUTES is what an earlier run printed; the file may be missing. Prints
the routes that the host needs, in the form of `ip -batch`: for each narrow peer, and for the nodes beyond it. Messages
for people go to standard error. Fails when a path does not carry LEAST bytes. Changes nothing.

Each peer is probed inside wg0. The path beyond a peer is that peer's business: it refuses packets that are too big,
inside wg0 where nobody drops ICMP, and clamps TCP's segments. A peer that does not answer keeps the routes that it has.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from components.hosts.paths import outer, sizes
from components.hosts.paths.echo import IGNORE, SMALL, Echo

PROTOCOL = 83
"""Marks our routes in the kernel's table, ip-route(8); scripts/node/mtu.sh and mtu.service know it too."""


TOO_NARROW = 3
"""Exit code; Python's own is 1 when something goes wrong."""


@dataclass(frozen=True)
class Peer:
    """One [Peer] section: its name, its key, and the addresses that are reached through it, its own first."""

    name: str
    key: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Fit:
    """What a path carries, in bytes of a packet of wg0."""

    carried: int
    """0: less than LEAST."""
    whole: int
    """Without being cut on the way outside; never above `carried`, and unlike it perhaps below LEAST."""


def parse(configuration: str) -> tuple[int, tuple[Peer, ...]]:
    """Return the MTU of wg0 and its peers."""
    mtu, peers = 0, []
    for section in configuration.split("\n["):
        fields = {name.strip(): value.strip() for name, _, value in map(_halves, section.splitlines()) if value}
        if "MTU" in fields:
            mtu = int(fields["MTU"])
        if "PublicKey" in fields:
            names = [line[2:] for line in section.splitlines() if line.startswith("# ") and "beyond:" not in line]
            ranges = [text.strip() for text in fields.get("AllowedIPs", "").split(",")]
            hosts = tuple(text[: -len("/32")] for text in ranges if text.endswith("/32"))
            if hosts:
                peers.append(Peer((names or hosts)[0], fields["PublicKey"], hosts))
    return mtu, tuple(peers)


def _halves(line: str) -> tuple[str, str, str]:
    return ("", "", "") if line.startswith("#") else line.partition("=")


def endpoints(shown: str) -> dict[str, outer.Endpoint]:
    """Return the endpoints by key, from what `wg show wg0 endpoints` prints."""
    by_key = {}
    for line in shown.splitlines():
        key, _, endpoint = line.partition("\t")
        host, colon, port = endpoint.strip().rpartition(":")
        if colon and port.isdigit():
            by_key[key] = host.strip("[]"), int(port)
    return by_key


def routes(peers: Iterable[Peer], fits: dict[str, Fit], top: int, before: str) -> list[str]:
    """Return the lines for `ip -batch`; `fits` has the peers that answered, by their own address."""
    known = {line.split()[2]: line for line in before.splitlines() if line.startswith("route replace ")}
    lines = []
    for peer in peers:
        fit = fits.get(peer.addresses[0])
        for address in peer.addresses:
            if fit is None:
                lines += [known[f"{address}/32"]] if f"{address}/32" in known else []
            elif 0 < fit.whole < top:
                mtu = max(fit.whole, sizes.LEAST)
                lines.append(f"route replace {address}/32 dev wg0 proto {PROTOCOL} mtu {mtu}")
    return lines


def describe(peer: Peer, fit: Fit, top: int) -> str:
    """Return the message about a narrow path."""
    beyond = len(peer.addresses) - 1
    further = f", and the {f'{beyond} nodes' if beyond > 1 else 'node'} beyond it" if beyond else ""
    head = f"path to {peer.name} ({peer.addresses[0]}){further}:"
    if not fit.carried:
        return (
            f"{head} packets of {sizes.LEAST} bytes over wg0 are lost, and wg0 cannot have less: have the network "
            f"groups look for a link of less than {sizes.LEAST + 60} bytes on the way (IPv6: {sizes.LEAST + 80})"
        )
    if fit.whole < sizes.LEAST:
        return (
            f"{head} MTU {sizes.LEAST}, the least that there is, in pieces: whole ones have {fit.whole} bytes at most"
        )
    why = "bigger packets are cut on the way" if fit.carried > fit.whole else "bigger packets are lost"
    return f"{head} MTU {fit.whole} instead of {top}, {why}"


def measure(peers: Iterable[Peer], reached: dict[str, outer.Endpoint], top: int) -> dict[str, Fit]:
    """Return what the path to each peer that answers carries, by the peer's address."""
    with Echo(IGNORE) as echo:

        def ask(questions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], float]:
            return echo.ask(list(questions))

        small = ask((peer.addresses[0], SMALL) for peer in peers)
        answering = [peer for peer in peers if (peer.addresses[0], SMALL) in small]
        ways = {peer.addresses[0]: reached[peer.key] for peer in answering if peer.key in reached}
        known = outer.path_mtus(ways, top, max(0.3, 2 * max(small.values(), default=0)))
        carried = sizes.largest([peer.addresses[0] for peer in answering], top, ask)
        # wireguard-go's first big packets may have taught this host since.
        known.update(outer.path_mtus({name: ways[name] for name in known}, top, 0))
    return {address: _fit(size, known.get(address), ways.get(address), top) for address, size in carried.items()}


def _fit(carried: int, way: int | None, endpoint: outer.Endpoint | None, top: int) -> Fit:
    if way is None or endpoint is None:
        return Fit(carried, carried)
    ipv6 = outer.family(endpoint[0]) == socket.AF_INET6
    return Fit(carried, min(carried, sizes.inside(way, ipv6=ipv6, top=top)))


def main(configuration: str, earlier: str) -> int:
    """Print the routes; return the exit code."""
    top, peers = parse(Path(configuration).read_text(encoding="utf-8"))
    before = Path(earlier).read_text(encoding="utf-8") if Path(earlier).exists() else ""
    fits = measure(peers, endpoints(_shown()), top)
    narrow = [(peer, fit) for peer in peers if (fit := fits.get(peer.addresses[0])) and fit.whole < top]
    for peer, fit in narrow:
        print(describe(peer, fit, top), file=sys.stderr)
    if not narrow and fits:
        print(f"paths: packets of {top} bytes reach every peer whole", file=sys.stderr)
    print("".join(f"{line}\n" for line in routes(peers, fits, top, before)), end="")
    return TOO_NARROW if any(not fit.carried for _, fit in narrow) else 0


def _shown() -> str:
    command = ["wg", "show", "wg0", "endpoints"]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))

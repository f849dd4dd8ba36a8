"""between: has one host of each site measure the paths to the other sites'; runs on the deployer.

Standard input: a line of JSON (`plan` in components/model/mesh/links.py), then the deployer's SSH key. Standard
output: a line of JSON for each pair of sites, and one for each problem. Problems are printed and never are a failure.

The throughput of pairs is measured one after the other, so that none disturbs another; when the plan's time for that is
over, the rest is left out. A TCP transfer by Python's library is enough for links of some Gbit/s, and WireGuard seldom
carries more; iperf3 would be a package more on every host.
"""

from __future__ import annotations

import contextlib
import json
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_FIRST = 150
"""Seconds in which all have logged in and measured their paths; a slow processor needs many. ssh itself gives up a host
that is gone earlier."""
_NEXT = 45
"""The least seconds for each of the next answers; a host that needed longer for its first one has as long."""
_SSH = (
    *("ssh", "-T", "-oBatchMode=yes", "-oIdentitiesOnly=yes", "-oStrictHostKeyChecking=yes", "-oConnectTimeout=30"),
    *("-oGlobalKnownHostsFile=/dev/null", "-oServerAliveInterval=5", "-oServerAliveCountMax=6", "-oLogLevel=ERROR"),
)
_AGENT = "exec {become}sh /var/lib/stretched-uploads/node/current/agent.sh"
"""From where root took it over: see components/remote/bundles.py."""


class NotMeasuredError(Exception):
    """Something that could not be measured, and why."""


class Place:
    """A site's host and the agent on it, reached by SSH over wg0."""

    def __init__(self, name: str, values: Mapping[str, Any], directory: Path) -> None:
        self.name = name
        self.address: str = values["address"]
        self._errors = directory / f"{self.address}.err"
        become = "" if values["user"] == "root" else "sudo -n "
        target = [f"-oUserKnownHostsFile={directory}/known_hosts", f"-i{directory}/key", "-l", values["user"]]
        target += ["-p", str(values["port"]), f"-oHostKeyAlias={self.address}"]
        with self._errors.open("wb") as errors:
            self._agent = subprocess.Popen(
                [*_SSH, *target, self.address, _AGENT.format(become=become)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        self._unread = b""
        self.patience: float = _NEXT
        self.lost = False
        """It was silent or ended: what it says from now on may be the answer to an earlier question."""

    def tell(self, do: str, **values: object) -> None:
        """Send the agent a command; `hear` must follow."""
        assert self._agent.stdin  # noqa: S101 - opened above
        with contextlib.suppress(BrokenPipeError):  # hear says why
            self._agent.stdin.write(json.dumps({"do": do, **values}).encode() + b"\n")
            self._agent.stdin.flush()

    def hear(self, patience: float | None = None) -> dict[str, Any]:
        """Return what the agent answers within some seconds; NotMeasuredError when it does not, or has an error."""
        answer: dict[str, Any] | None = None
        end = time.monotonic() + (self.patience if patience is None else patience)
        while answer is None:
            line = self._line(end)
            with contextlib.suppress(ValueError):  # a login shell may print whatever it likes
                parsed = json.loads(line)
                answer = parsed if isinstance(parsed, dict) else None
        if "error" in answer:
            message = f"{self.name}: {answer['error']}"
            raise NotMeasuredError(message)
        return answer

    def _line(self, end: float) -> bytes:
        assert self._agent.stdout  # noqa: S101 - opened above
        while b"\n" not in self._unread:
            if not select.select([self._agent.stdout], [], [], max(0, end - time.monotonic()))[0]:
                self.lost = True
                message = f"{self.name} does not answer in time"
                raise NotMeasuredError(message)
            read = self._agent.stdout.read1(65536)  # type: ignore[attr-defined] # a BufferedReader
            if not read:
                self.lost = True
                said = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                message = f"{self.name} cannot measure: {said[-1] if said else 'its agent ended'}"
                raise NotMeasuredError(message)
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def close(self) -> None:
        """End the agent."""
        self._agent.kill()
        self._agent.wait()


def measure(plan: Mapping[str, Any], places: Mapping[str, Place]) -> Iterator[dict[str, object]]:
    """Yield the results for each pair, and problems."""
    by_site: dict[str, dict[str, dict[str, Any]]] = {}
    for place in places.values():
        others = [other.address for other in places.values() if other is not place]
        place.tell("paths", addresses=others, top=plan["top"])
    started = time.monotonic()
    for name, place in places.items():
        try:
            by_site[name] = place.hear(max(0, started + _FIRST - time.monotonic()))["paths"]
            place.patience = max(_NEXT, time.monotonic() - started)
        except NotMeasuredError as problem:
            yield {"problem": str(problem)}
    end = time.monotonic() + plan["limit"]
    for one, other in plan["pairs"]:
        if one not in by_site or other not in by_site:
            continue
        views = [by_site[one].get(places[other].address), by_site[other].get(places[one].address)]
        seen = [view for view in views if view]
        result: dict[str, object] = {"between": [one, other]}
        if seen:
            result.update(rtt=min(view["rtt"] for view in seen), mtu=min(view["mtu"] for view in seen))
        try:
            if time.monotonic() < end and not (places[one].lost or places[other].lost):
                ways = (places[one], places[other]), (places[other], places[one])
                result["mbps"] = [_throughput(*way, plan["seconds"]) for way in ways]
        except NotMeasuredError as problem:
            yield {"problem": f"throughput between {one} and {other}: {problem}"}
        yield result


def _throughput(sender: Place, receiver: Place, seconds: float) -> float:
    receiver.tell("listen", address=receiver.address)
    port = receiver.hear()["port"]
    receiver.tell("receive", skip=seconds / 4)
    sender.tell("send", address=receiver.address, port=port, seconds=seconds)
    failures = []
    for place in (sender, receiver):  # both in any case: an answer left unheard would be taken for the next one
        try:
            answer = place.hear(seconds + place.patience)
        except NotMeasuredError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return float(answer["mbps"])


def main() -> None:
    """Measure as standard input says."""
    for ended in (signal.SIGTERM, signal.SIGHUP):  # by timeout(1), or with the connection: the key must not stay
        signal.signal(ended, lambda *_: sys.exit("ended"))
    plan = json.loads(sys.stdin.readline())
    with tempfile.TemporaryDirectory(prefix="stretched-", dir="/run") as name:
        directory = Path(name)  # 0700
        key = directory / "key"
        key.touch(mode=0o600)
        key.write_text(sys.stdin.read(), encoding="utf-8")
        known = "".join(f"{site['address']} {site['hostKey']}\n" for site in plan["sites"].values())
        (directory / "known_hosts").write_text(known, encoding="utf-8")
        places = {site: Place(site, values, directory) for site, values in plan["sites"].items()}
        try:
            for line in measure(plan, places):
                print(json.dumps(line), flush=True)
        finally:
            for place in places.values():
                place.close()


if __name__ == "__main__":
    main()

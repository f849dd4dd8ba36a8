"""The WAN: a relay process on the tun devices of routers and operator, which adds delay and loss."""

import json
import signal
import time
from pathlib import Path

from lab import netns, process
from lab.cgroups import Cgroups
from lab.errors import LabError
from lab.layout import TREE, Layout
from lab.network import WAN_DEVICE
from lab.topology import OPERATOR, Topology
from tools import gobuild

_LEAF = "wan"


def program() -> Path:
    """Return the program of the relay, built if its source has changed."""
    return gobuild.build_local(TREE / "lab" / "wanrelay", "wanrelay")


def configuration(topology: Topology, layout: Layout) -> str:
    """Return the relay's configuration, in the form of lab/wanrelay/config.go."""
    places = [(site.name, layout.router_netns(site.name), site.public_prefixes) for site in topology.sites]
    operator = (OPERATOR, layout.operator_netns, topology.operator_prefixes)
    return json.dumps(
        {
            "places": [
                {
                    "name": name,
                    "netns": str(netns.path(namespace)),
                    "device": WAN_DEVICE,
                    "prefixes": [str(prefix) for prefix in prefixes],
                }
                for name, namespace, prefixes in [*places, operator]
            ],
            "links": [
                {
                    "between": [first, second],
                    "delay_ms": path.delay_ms,
                    "loss_percent": path.loss_percent,
                    "lost_above": path.mtu if path.silent else 0,
                }
                for first, second, path in topology.paths()
            ],
        },
        indent=1,
    )


def running(cgroups: Cgroups) -> bool:
    """Tell whether the relay runs."""
    return bool(cgroups.processes(_LEAF))


def ensure(topology: Topology, layout: Layout, cgroups: Cgroups) -> bool:
    """Ensure that the relay runs with this topology's paths; return whether it was started or reconfigured."""
    wanted = configuration(topology, layout)
    known = layout.relay_config.exists() and layout.relay_config.read_text(encoding="utf-8") == wanted
    layout.relay_config.write_text(wanted, encoding="utf-8")
    relays = cgroups.processes(_LEAF) if known else cgroups.signal(signal.SIGHUP, _LEAF)
    if not relays:
        # The WAN must not slow down when hosts are busy.
        command = ["nice", "-n", "-10", str(program()), str(layout.relay_config)]
        log = layout.state / "wan.log"
        relay = process.start(command, cgroups.make(_LEAF), log=log)
        namespaces = [*(layout.router_netns(site.name) for site in topology.sites), layout.operator_netns]
        while not all(netns.has_carrier(namespace, WAN_DEVICE) for namespace in namespaces):
            if relay.poll() is not None:
                message = f"the relay of the WAN ended: {log.read_text(encoding='utf-8').splitlines()[-1:]}"
                raise LabError(message)
            time.sleep(0.01)
    return not (relays and known)


def stop(cgroups: Cgroups) -> None:
    """End the relay, if it runs."""
    cgroups.kill(_LEAF)

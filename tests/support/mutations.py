"""Changes of configurations such as people, and attackers, make: a value or a name becomes another one."""

# ruff: noqa: S104 - nothing is bound here
import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from tests.support.examples import addresses, changed, configuration, paths_sites, with_clients

Path = tuple[Any, ...]

TEXTS = (
    "", " ", "a\nb", "\n", "\r", "a b", "\t", "\0", "\x1b[31m", "\u202e", "é", "\u0130", "٣", "\ud800", "x" * 5000, "9" * 5000,
    ";id", "$(id)", "`id`", "|id", "-oProxyCommand=id", "--upload-pack=id", "{{ x }}", "{% x %}", "#", "'", '"', "\\", "%", "!", "*",
    "0.0.0.0", "0.0.0.0/0", "0.0.0.0/32", "255.255.255.255", "255.255.255.255/32", "127.0.0.1", "169.254.1.1", "224.0.0.1", "::", "::1",
    "::/0", "fe80::1", "ff02::1", "::ffff:192.0.2.1", "fd00::1%eth0", "2001:db8::1%;id;", "2001:db8::5:4500", "[2001:db8::5]:4500",
    "192.0.2.11:51820", "192.0.2.11:0", "192.0.2.11:99999", "192.0.2.300", "192.168.0.9", "192.168.7.9", "10.233.1.1", "10.1.0.12",
    "192.168.7.0/25", "192.168.7.1/25", "10.0.0.0/8", "fd00::/64", "wg.example.org", "WG.Example.ORG.", "wg.example.org:500", "127.1", "0x7f1",
    "node.example.org", "localhost", "etcd", "mesh", "public", "none", "tcp", "udp", "kept", "hidden", "proxy-protocol", "direct", "tunnel",
    "IPv4", "IPv6", "yes", "25s", "~", "~nobody-here/x", "/", "../x", "site", "a/b", "a..b/c", "example.org/x", "a=b:NoSchedule",
)  # fmt: skip
DANGEROUS = (
    "{{ lookup('pipe', 'id') }}", "x\nPostUp = id", "2001:db8::1%;id;", "fd00::1%\nPostUp = id", "root;id", "-oProxyCommand=id", "0.0.0.0", "a b",
)  # fmt: skip
"""What others of our programs act on: tried at every place."""
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(TEXTS),
    st.text(max_size=12),
    st.integers(-2, 70000),
    st.sampled_from([None, True, False, 1.0, 1.5, float("inf"), 10**30, [], {}, [[]], {"a": "b"}, ["a", 1]]),
)


def everything() -> dict[str, object]:
    """Return a configuration that has all sections and most of the fields."""
    config = with_clients(ada={"dns": ["192.0.2.53", "example.org"]}, bea={"address": "192.168.7.140"})
    config = changed("firewall", {"enabled": True, "ssh": ["203.0.113.0/24", "2001:db8::7"]}, config)
    config = changed("ssh/user", "admin", config)
    config = changed("mesh/listenPort", 51820, changed("mesh/rotation", "2027-01", config))
    config = changed("kubernetes/variables", {"kube_apiserver_port": 6443, "x": ["{{ y }}", 1]}, config)
    config = changed("kubernetes/podCidr", "10.233.64.0/18", config)
    open1 = "sites/open/nodes/open1.lab.test"
    config = changed(f"{open1}/labels", {"example.org/gpu": "yes"}, config)
    config = changed(f"{open1}/taints", ["gpu=yes:NoSchedule"], config)
    return changed("services", {
        "web": {"port": 443, "nodePort": 30443, "from": "public", "at": ["closed"]},
        "lan": {"port": 445, "target": "10.2.0.50:443", "from": ["203.0.113.0/24", "2001:db8::/32"], "at": ["closed"], "entries": ["open1.lab.test"]},
        "dns": {"port": 53, "protocol": "udp", "nodePort": 30053, "from": "public", "mode": "auto"},
        "program": {"port": 8443, "hostPort": 8443, "clientAddress": "kept", "from": "public", "at": ["open"]},
        "inside": {"port": 8080, "nodePort": 30080, "from": "mesh"},
    }, config)  # fmt: skip


BASES: tuple[Callable[[], dict[str, object]], ...] = (
    everything,
    everything,
    everything,
    addresses,
    configuration,
    paths_sites,
)
_MADE = tuple(make() for make in BASES)
"""Made once: reading YAML takes longer than anything else here."""


def places(value: object, above: Path = ()) -> Iterator[Path]:
    """Yield where there is a value, each level of it."""
    if above:
        yield above
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*above, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*above, index))


_PLACES = tuple(tuple(places(made)) for made in _MADE)


def _value_at(config: Any, place: Path) -> Any:
    for key in place:
        config = config[key]
    return config


_LEAVES = tuple(
    tuple(place for place in of_base if not isinstance(_value_at(made, place), dict | list))
    for made, of_base in zip(_MADE, _PLACES, strict=True)
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, object]:
    """Return a configuration with one to three changes."""
    index = draw(st.integers(0, len(BASES) - 1))
    config = copy.deepcopy(_MADE[index])
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        where = _PLACES if draw(st.integers(0, 4)) == 0 else _LEAVES
        _change(draw, config, draw(st.sampled_from(where[index])))
    return config


def _change(draw: st.DrawFn, config: Any, place: Path) -> None:
    *above, last = place
    for key in above:
        if not _has(config, key):
            return  # another change has removed it
        config = config[key]
    if not _has(config, last):
        return
    kind = draw(st.integers(0, 12))
    old = config[last]
    if kind == 0:
        del config[last]
    elif kind == 1 and isinstance(config, dict):
        config[draw(st.one_of(st.sampled_from(TEXTS), st.just(f"{last}x"), st.just(last.upper())))] = config.pop(last)
    elif kind in (2, 3) and isinstance(old, str):
        at = draw(st.integers(0, len(old)))
        config[last] = old[:at] + draw(st.sampled_from(TEXTS)) + old[at:]
    elif kind == 4 and isinstance(old, str) and old:
        at = draw(st.integers(0, len(old) - 1))
        config[last] = old[:at] + old[at + 1 :]
    elif kind in (5, 6) and isinstance(old, str) and old:
        at = draw(st.integers(0, len(old) - 1))
        config[last] = old[:at] + draw(st.sampled_from("1234567890aexyA.-")) + old[at + 1 :]
    elif kind in (8, 9, 10) and isinstance(old, str):
        config[last] = draw(st.sampled_from(DANGEROUS))
    elif kind == 11 and isinstance(old, str):
        config[last] = old + draw(st.sampled_from(DANGEROUS))
    elif kind in (5, 6, 7) and isinstance(old, int):
        config[last] = old + draw(st.integers(-3, 3))
    else:
        config[last] = draw(VALUES)


def _has(value: object, key: object) -> bool:
    if isinstance(value, list):
        return isinstance(key, int) and key < len(value)
    return isinstance(value, dict) and key in value

"""Forms of sites: the usual three, and any form, for Hypothesis."""

from dataclasses import replace

from hypothesis import strategies as st

from tests.support.worlds import WAYS, Form


def indices(nodes: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(0, nodes - 1))


@st.composite
def forms(draw: st.DrawFn) -> Form:
    nodes = draw(st.integers(1, 4))
    gateway = draw(st.none() | st.integers(0, nodes - 1))
    site_port = gateway is not None and draw(st.booleans())
    second = draw(st.none() | st.integers(0, nodes - 1)) if gateway is not None else None
    own = frozenset() if site_port else draw(indices(nodes))
    form = Form(nodes, own, draw(indices(nodes)), gateway, site_port, second, site_port and draw(st.booleans()))
    if draw(st.booleans()):
        return form  # IPv4 alone, as most are
    families = tuple(draw(st.sampled_from(WAYS)) for _ in range(nodes))
    ports = tuple(draw(st.sampled_from([way for way in WAYS if set(way) <= set(mine)])) for mine in families)
    return replace(form, families=families, ports=ports, named=draw(indices(nodes)))


SEVEN = [
    Form(nodes=2, own_ports=frozenset({0, 1}), lan=frozenset(), gateway=None, site_port=False),
    Form(nodes=3, own_ports=frozenset(), lan=frozenset({0, 1, 2}), gateway=0, site_port=True),
    Form(nodes=2, own_ports=frozenset(), lan=frozenset({0, 1}), gateway=None, site_port=False),
]
"""Two public hosts; three behind one port; two without any."""

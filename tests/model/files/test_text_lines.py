"""No renderer writes a line that was not meant, should a value ever get past the checks."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from components.model.configuration import parse
from components.model.files.client_conf import client_conf
from components.model.files.known_hosts import known_hosts
from components.model.files.wireguard import wg0_conf
from components.model.mesh.client_gateways import gateway_of
from components.model.mesh.peers import peers_of
from components.model.mesh.routing import route
from components.model.spec import Spec
from tests.support.examples import read, with_clients

BAD = "x\nPostUp = id"
KEY = "A" * 43 + "="


def wireguard(spec: Spec) -> str:
    node = spec.nodes[0]
    peers = [replace(peer, name=BAD) for peer in peers_of(spec, route(spec), node)]
    return wg0_conf(spec.mesh, node, peers, {BAD: KEY})


def client(spec: Spec) -> str:
    bad = replace(spec.clients[0], dns=(BAD,))
    return client_conf(spec, bad, gateway_of(spec, bad), private=KEY, public=KEY, preshared=None)


def host_keys(spec: Spec) -> str:
    (site, *_), node = spec.sites, spec.nodes[0]
    bad = replace(site, nodes=(replace(node, ssh=replace(node.ssh, host_key=BAD)),))
    return known_hosts(replace(spec, sites=(bad,)))


@pytest.mark.parametrize("render", [wireguard, client, host_keys])
def test_a_value_of_two_lines_is_not_written(render: Callable[[Spec], str]) -> None:
    spec = parse(with_clients(ada={}), read)
    with pytest.raises(ValueError, match="not one line of text"):
        render(spec)

"""The files of wg0 of a whole world, by the name of the host, with names in the place of keys."""

from components.model.files.client_conf import client_conf
from components.model.files.wireguard import wg0_conf
from components.model.mesh.client_gateways import gateway_of
from components.model.mesh.peers import carries, peers_of
from components.model.mesh.routing import Routes, route
from components.model.spec import Spec


def files(spec: Spec, routes: Routes) -> dict[str, str]:
    names = [node.name for node in spec.nodes] + [client.name for client in spec.clients]
    keys = {name: name for name in names}
    return {
        node.name: wg0_conf(spec.mesh, node, peers_of(spec, routes, node), keys, relay=carries(spec, routes, node))
        for node in spec.nodes
    }


def all_files(spec: Spec) -> dict[str, str]:
    """Every node's file, and every client's."""
    texts = files(spec, route(spec))
    for client in spec.clients:
        gateway = gateway_of(spec, client)
        texts[client.name] = client_conf(spec, client, gateway, private="p", public=gateway.name, preshared=None)
    return texts

"""The peer: the mesh as one would first write it, with every peer list in every node's inputs, and nothing else."""

import pulumi
from pulumi_command.remote import Command, ConnectionArgs
from pulumi_random import RandomPassword

from components.model.mesh.key_derivation import wireguard_private_key, wireguard_public_key

count = pulumi.Config().require_int("nodes")
seeds = [RandomPassword(f"seed{index}", length=64, special=False) for index in range(count)]
private = [seed.result.apply(wireguard_private_key) for seed in seeds]
public = [pulumi.Output.unsecret(key.apply(wireguard_public_key)) for key in private]


def conf(values: list[str], me: int) -> str:
    """Return a wg0.conf."""
    peers = "".join(
        f"[Peer]\nPublicKey = {key}\nAllowedIPs = 10.0.0.{index + 1}/32\nEndpoint = 192.0.2.{index + 1}:51820\n"
        for index, key in enumerate(values[1:])
        if index != me
    )
    return f"[Interface]\nPrivateKey = {values[0]}\nListenPort = 51820\n{peers}"


def conf_of(me: int) -> pulumi.Output[str]:
    """Return the configuration of one node."""
    return pulumi.Output.all(private[me], *public).apply(lambda values: conf(list(values), me))


for index in range(count):
    Command(
        f"node{index}",
        connection=ConnectionArgs(host=f"192.0.2.{index + 1}"),
        create="umask 077; cat >/etc/wireguard/wg0.conf; systemctl restart wg-quick@wg0",
        stdin=conf_of(index),
    )

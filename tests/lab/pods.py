"""What stands for pods where there is no Kubernetes: devices, namespaces, addresses and routes as Calico has them on nodes."""

from collections.abc import Mapping

from tests.lab import programs
from tests.lab.mesh_lab import MeshLab
from tests.lab.place import wait_until

NODE_TCP, NODE_UDP, POD_TCP = 6443, 5300, 8080
"""Ports at which a node answers, as the API server and a DNS cache do, and a pod."""

# A pod's device and a VXLAN device over wg0; what leaves the pods' network does so with the node's address.
NODE = """
echo 1 >/proc/sys/net/ipv4/ip_forward
ip link add vxlan.calico address {mac} mtu 1370 type vxlan id 4096 local {wg0} dev wg0 dstport 4789 nolearning
ip address add {net}.0/32 dev vxlan.calico
ip link set vxlan.calico up
ip netns add pod
ip link add cali1 mtu 1370 type veth peer name eth0 mtu 1370 netns pod
ip address add 169.254.1.1/32 dev cali1
ip link set cali1 up
ip route add {net}.2/32 dev cali1 src {wg0}
ip -n pod link set lo up
ip -n pod address add {net}.2/32 dev eth0
ip -n pod link set eth0 up
ip -n pod route add 169.254.1.1 dev eth0
ip -n pod route add default via 169.254.1.1
nft 'table ip pods {{
  chain out {{ type nat hook postrouting priority srcnat; ip saddr {net}.2 ip daddr != 10.233.64.0/18 masquerade; }}
}}'
systemd-run -q --collect --unit=pod -p NetworkNamespacePath=/run/netns/pod /usr/bin/python3 /run/serve.py {pod} tcp:{port}
"""
OTHER_NODE = """
bridge fdb append {mac} dev vxlan.calico dst {wg0}
ip neigh add {net}.0 lladdr {mac} dev vxlan.calico
ip route add {net}.0/24 via {net}.0 dev vxlan.calico onlink
"""
NO_NODE = """
systemctl stop pod serve
ip netns delete pod
ip link delete vxlan.calico
nft delete table ip pods
echo 0 >/proc/sys/net/ipv4/ip_forward
"""


class Pods:
    """One pod on each of some hosts; `nodes` are the hosts' wg0 addresses."""

    def __init__(self, lab: MeshLab, nodes: Mapping[str, str]) -> None:
        self.lab = lab
        self.nodes = nodes
        self.nets = {host: f"10.233.{number}" for number, host in enumerate(nodes, 64)}

    def lay(self) -> None:
        """Have the pods, which answer, and the nodes, which do so too."""
        values = {
            host: {"mac": f"02:4b:00:00:00:{number}", "wg0": wg0, "net": self.nets[host], "pod": pod_of(host)}
            for number, (host, wg0) in enumerate(self.nodes.items(), 10)
        }
        for host in self.nodes:
            programs.start(self.lab, host, f"tcp:{NODE_TCP} udp:{NODE_UDP}")
            others = [OTHER_NODE.format(**values[other]) for other in self.nodes if other != host]
            self.lab.sh(host, "".join([NODE.format(**values[host], port=POD_TCP), *others]))

    def remove(self) -> None:
        self.lab.everywhere(self.nodes, NO_NODE)

    def silent(self) -> list[str]:
        """Return what does not answer to pods and nodes as it has to: pods see the client's own address."""
        found = []
        for host, net in self.nets.items():
            pods = {
                ("tcp", f"{there}.2", POD_TCP): pod_of(other) for other, there in self.nets.items() if other != host
            }
            nodes: dict[tuple[str, str, int], str] = {("udp", self.nodes[host], NODE_UDP): host}
            nodes |= {("tcp", wg0, NODE_TCP): other for other, wg0 in self.nodes.items()}
            for name, source, wanted, within in (
                (pod_of(host), f"{net}.2", pods | nodes, ("ip", "netns", "exec", "pod")),
                (host, f"{net}.0", pods, ()),
            ):
                told = programs.answers(self.lab, host, *wanted, within=within)
                for question, answer in zip(wanted, told, strict=True):
                    client = source if question in pods else "".join(answer[1:])
                    if answer != [wanted[question], client]:
                        found.append(f"{name} to {question}: {answer}")
        return found

    def expect_all_answers(self) -> None:
        """Await that everything answers; fail with what does not."""
        silent: list[str] = []

        def none() -> bool:
            silent[:] = self.silent()
            return not silent

        try:
            wait_until(none, 40, "all pods and nodes answer pods")
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *silent])) from None


def pod_of(host: str) -> str:
    """Return the name of a host's pod."""
    return f"pod-{host}"

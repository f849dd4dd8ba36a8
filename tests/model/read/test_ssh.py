"""Private keys of the stack, of sites, of nodes and of bastions; sshd's port over the mesh."""

from components.model.cluster.declared import declared
from components.model.cluster.inventory import inventory
from components.model.configuration import parse
from components.model.files.known_hosts import known_hosts
from components.model.mesh.links import measurement_plan
from components.model.spec import Spec
from tests.support.examples import HOST_KEY, changed, host_key, read, three_sites

BASTION = {"host": "203.0.113.99", "hostKey": host_key("bastion")}
GATE, INNER = "gate.lab.test", "inner1.lab.test"
SITE, NODE = "sites/oneport/ssh", f"sites/oneport/nodes/{INNER}/ssh"


def spec_of(config: dict[str, object]) -> Spec:
    return parse(config, lambda name: "PRIVATE KEY" if name.startswith("id_") else read(name))


def with_keys() -> dict[str, object]:
    """Three sites: the stack's key, the site's with a bastion of its own, and that of a node."""
    config = changed("ssh/privateKeyFile", "id_stack", three_sites())
    config = changed("ssh/bastion", BASTION, config)
    config = changed(SITE, {"privateKeyFile": "id_site", "bastion": {**BASTION, "host": "203.0.113.98"}}, config)
    return changed(f"{NODE}/privateKeyFile", " id_node ", config)


def files(spec: Spec, name: str) -> tuple[str, str]:
    """Which files open a host and its bastion."""
    ssh = spec.node(name).ssh
    assert ssh.bastion is not None
    return ssh.private_key_file, ssh.bastion.private_key_file


def test_the_nearest_key_opens_a_host_and_a_bastion_has_that_of_its_section() -> None:
    spec = spec_of(with_keys())
    assert files(spec, "open1.lab.test") == ("id_stack", "id_stack")
    assert files(spec, GATE) == ("id_site", "id_site")
    assert files(spec, INNER) == ("id_node", "id_site")
    own = spec_of(changed("ssh/bastion/privateKeyFile", "id_bastion", with_keys()))
    assert files(own, "open1.lab.test") == ("id_stack", "id_bastion")


def test_a_section_goes_back_to_the_agent() -> None:
    spec = spec_of(changed(f"{SITE}/privateKeyFile", False, with_keys()))
    assert files(spec, GATE) == ("", "")
    assert files(spec, INNER) == ("id_node", "")


def ports(config: dict[str, object]) -> dict[str, int]:
    return {node.name.partition(".")[0]: node.ssh.mesh_port for node in parse(config, read).nodes}


def test_the_port_over_the_mesh_is_not_the_one_that_a_router_forwards() -> None:
    assert set(ports(three_sites()).values()) == {22}
    site = changed(SITE, {"meshPort": 2222}, three_sites())
    assert [ports(site)[name] for name in ("gate", "inner1", "closed1")] == [2222, 2222, 22]
    assert ports(changed(f"{NODE}/meshPort", 2022, site))["inner1"] == 2022
    whole = changed("ssh/meshPort", 2222, three_sites())
    assert set(ports(whole).values()) == {2222}


def test_ansible_and_the_measurement_log_in_at_that_port() -> None:
    spec = parse(changed(f"{NODE}/meshPort", 2022, three_sites()), read)
    hosts = inventory(spec)["all"]["hosts"]  # type: ignore[index]
    assert hosts[INNER]["ansible_port"] == 2022
    assert "ansible_port" not in hosts[GATE]
    lines = known_hosts(spec).splitlines()
    assert f"[192.168.7.4]:2022 {host_key(INNER)}" in lines
    assert f"192.168.7.3 {host_key(GATE)}" in lines
    gateway = parse(changed("sites/oneport/nodes/gate.lab.test/ssh/meshPort", 2022, three_sites()), read)
    assert measurement_plan(gateway)["sites"]["oneport"]["port"] == 2022  # type: ignore[index]


def test_the_port_is_no_setting_of_the_cluster() -> None:
    node = "sites/uvic/nodes/uvic001.hl-lhc.io/ssh"
    before, after = (parse(changed(node, {"hostKey": HOST_KEY, "meshPort": port}), read) for port in (22, 2022))
    assert declared(before, "") == declared(after, "")

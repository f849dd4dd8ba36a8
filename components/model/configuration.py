"""From the stack's configuration to the specification. All mistakes are found in one go."""

from collections.abc import Callable, Mapping

from components.model.check.specification import check_plan, validate
from components.model.check.variables import refuse_own_variables
from components.model.plan import Plan, plan_of
from components.model.problems import Problems
from components.model.read.clients import parse_clients
from components.model.read.fields import Fields
from components.model.read.firewall import check_that_it_is_used, parse_firewall
from components.model.read.kubernetes import parse_kubernetes
from components.model.read.services import parse_services
from components.model.read.sites import SitesParser
from components.model.spec import Mesh, Spec, defaults

NOTHING: Mapping[str, str] = {}


def parse(config: Mapping[str, object], read: Callable[[str], str], known: Mapping[str, str] = NOTHING) -> Spec:
    """Return the specification alone; see `parse_plan`."""
    return parse_plan(config, read, known).spec


def parse_plan(config: Mapping[str, object], read: Callable[[str], str], known: Mapping[str, str] = NOTHING) -> Plan:
    """Return the specification and what follows from it.

    `config` has the keys mesh, ssh, firewall, kubernetes, sites, clients, services, and secretVariables, whose values
    are not looked at. `read` returns the text of a file that is named there (known hosts, private key) and raises
    OSError; nothing of the private key is kept. `known` has the wg0 addresses that nodes have since the last run, by
    their names: of two nodes whose addresses meet, the one that has it keeps it. Raises ConfigError with every mistake.
    """
    problems = Problems()
    top = Fields(config, "", problems)
    mesh = _mesh(top.sub("mesh"))
    ssh = top.sub("ssh")
    firewall = top.sub("firewall")
    sites = SitesParser(mesh, ssh, _known_hosts(ssh, read), parse_firewall(firewall)).parse(top.sub("sites"))
    check_that_it_is_used(firewall, sites)
    kubernetes = parse_kubernetes(top.sub("kubernetes"))
    clients = parse_clients(top.sub("clients"), sites)
    services = parse_services(top.sub("services"), sites)
    _check_private_key(ssh, read)
    secret_variables = top.sub("secretVariables").values()
    ssh.finish()
    top.finish()
    spec = Spec(mesh, kubernetes, sites, clients, services)
    validate(spec, known, problems)
    plan = plan_of(spec)
    check_plan(plan, problems)
    refuse_own_variables([("secretVariables", "secretVariables", secret_variables)], problems)
    problems.raise_if_any()
    return plan


def _mesh(fields: Fields) -> Mesh:
    mesh = Mesh(
        cidr=fields.network("cidr", None, "192.168.0.0/24"),
        listen_port=fields.integer("listenPort", defaults.LISTEN_PORT, 1, 65535, "UDP port"),
        mtu=fields.integer("mtu", defaults.MTU, 1280, 8920, "number of bytes"),
        preshared_keys=fields.flag("presharedKeys", default=True),
        rotation=fields.optional_text("rotation", "2027-01") or "",
        measurement=fields.optional_text("measurement", "2027-01") or "",
    )
    fields.finish()
    return mesh


def _known_hosts(ssh: Fields, read: Callable[[str], str]) -> list[str]:
    name = ssh.optional_text("knownHostsFile", "~/.ssh/known_hosts")
    if not name:
        return []
    try:
        return read(name).splitlines()
    except OSError as error:
        ssh.problems.add(
            "unreadable",
            ssh.at("knownHostsFile"),
            f"{name} cannot be read ({error.strerror})",
            "write the path of a known_hosts file that holds the key of every host",
        )
        return []


def _check_private_key(ssh: Fields, read: Callable[[str], str]) -> None:
    name = ssh.optional_text("privateKeyFile", "~/.ssh/id_ed25519")
    if not name:
        return
    try:
        is_key = "PRIVATE KEY" in read(name)
    except OSError as error:
        what = f"{name} cannot be read ({error.strerror})"
    else:
        if is_key:
            return
        what = f"{name} is not a private key"
    ssh.problems.add(
        "unreadable",
        ssh.at("privateKeyFile"),
        what,
        "write the path of an OpenSSH private key, or leave it out to use the SSH agent",
    )

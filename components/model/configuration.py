"""From the stack's configuration to the specification. All mistakes are reported at once."""

from collections.abc import Mapping

from components.model.check.specification import check_plan, validate
from components.model.check.variable_names import refuse_variables
from components.model.plan import Plan, plan_of
from components.model.problems import Problems
from components.model.read.clients import parse_clients
from components.model.read.fields import Fields
from components.model.read.files import Read, read_known_hosts
from components.model.read.firewall import check_that_it_is_used, parse_firewall
from components.model.read.host_keys import KnownHosts
from components.model.read.kubernetes import parse_kubernetes
from components.model.read.services import parse_services
from components.model.read.sites import SitesParser
from components.model.spec import Mesh, Spec, defaults
from components.model.values.line import faults

NOTHING: Mapping[str, str] = {}


def parse(config: Mapping[str, object], read: Read, known: Mapping[str, str] = NOTHING) -> Spec:
    """Return the specification alone; see `parse_plan`."""
    return parse_plan(config, read, known).spec


def parse_plan(config: Mapping[str, object], read: Read, known: Mapping[str, str] = NOTHING) -> Plan:
    """Return the specification and what follows from it.

    `config` has the keys mesh, ssh, firewall, kubernetes, sites, clients, services, protect and secretVariables. `read`
    returns the text of a file that is named there (known hosts, private key); nothing of the private key is kept.
    `known` has the wg0 addresses that nodes have since the last run, by their names: of two nodes with one address,
    the one that has it keeps it. Raises ConfigError with every mistake, and nothing else.
    """
    problems = Problems()
    for path, what in faults(config):
        problems.add("not-data", path, what, "write a value that a person can read")
    problems.raise_if_any()  # nothing else can be said of such values
    top = Fields(config, "", problems)
    mesh = _mesh(top.sub("mesh"))
    ssh = top.sub("ssh")
    firewall = top.sub("firewall")
    lines = read_known_hosts(ssh, read)
    known_hosts = None if lines is None else KnownHosts(lines)
    sites = SitesParser(mesh, ssh, known_hosts, read, parse_firewall(firewall)).parse(top.sub("sites"))
    check_that_it_is_used(firewall, sites)
    kubernetes = parse_kubernetes(top.sub("kubernetes"))
    clients = parse_clients(top.sub("clients"), sites)
    services = parse_services(top.sub("services"), sites)
    protect = top.flag("protect", default=True)
    secret_variables = top.sub("secretVariables").values()
    ssh.finish()
    top.finish()
    spec = Spec(mesh, kubernetes, sites, clients, services, protect=protect)
    validate(spec, known, problems)
    plan = plan_of(spec)
    check_plan(plan, problems)
    refuse_variables([("secretVariables", "secretVariables", secret_variables)], problems)
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

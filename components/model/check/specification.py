"""Checks across the whole specification: what WireGuard or Kubespray would refuse late or accept silently."""

from collections.abc import Mapping

from components.model.check.addresses import check_addresses
from components.model.check.clients import check_clients
from components.model.check.cluster_ports import check_cluster_ports
from components.model.check.hosts import check_hosts
from components.model.check.kubespray import check_kubespray
from components.model.check.lans import check_lans
from components.model.check.names import check_names
from components.model.check.networks import check_networks
from components.model.check.pairs import check_pairs
from components.model.check.roles import check_roles
from components.model.check.services import check_services
from components.model.check.variable_names import check_variables
from components.model.plan import Plan
from components.model.problems import Problems
from components.model.spec import Spec


def validate(spec: Spec, known: Mapping[str, str], problems: Problems) -> None:
    """Report everything that is wrong with a specification although each field has the right form.

    `known` has the wg0 addresses that nodes have since the last run, by their names: as far as that is known.
    """
    check_names(spec, problems)
    check_addresses(spec, known, problems)
    check_hosts(spec, problems)
    check_networks(spec, problems)
    check_lans(spec, problems)
    check_clients(spec, problems)
    check_roles(spec, problems)
    check_kubespray(spec, problems)
    check_variables(spec, problems)
    check_cluster_ports(spec, problems)


def check_plan(plan: Plan, problems: Problems) -> None:
    """Report everything that is wrong with what follows from a specification."""
    check_pairs(plan, problems)
    check_services(plan, problems)

"""Worlds with roaming clients."""

from collections.abc import Set
from dataclasses import replace

from components.model.problems import Problems
from components.model.read.clients import parse_clients
from components.model.read.fields import Fields
from components.model.spec import Spec
from tests.support.worlds import Address, Form, World


class Roaming(World):
    """A world where every gateway with a port takes clients, which are somewhere outside."""

    def __init__(self, forms: list[Form], each: int) -> None:
        super().__init__(forms)
        self.doors = []
        for number, form in enumerate(forms):
            names = [f"n{index}.s{number:03}" for index in (form.gateway, form.second) if index is not None]
            self.doors += [name for name in names if self.hosts[name].public][:1]
        self.clients = {f"client{n}-{self.hosts[name].site}": name for name in self.doors for n in range(each)}

    def hears(self, sender: str, address: Address) -> str | None:
        if sender not in self.clients:
            return super().hears(sender, address)
        address, *_ = self._names.get(address[0], (address,))  # a laptop that has both families
        return self._public.get(address)

    def sites(self) -> dict[str, object]:
        sites = super().sites()
        for name in self.doors:
            site = sites[self.hosts[name].site]
            assert isinstance(site, dict)
            site["clients"] = self.hosts[name].mesh.rpartition(".")[0] + ".128/25"
        return sites

    def spec(self, without: Set[str] = frozenset()) -> Spec:
        spec = super().spec()
        problems = Problems()
        declared = {name: {"site": self.hosts[door].site} for name, door in self.clients.items() if name not in without}
        clients = parse_clients(Fields(declared, "clients", problems), spec.sites)
        problems.raise_if_any()
        return replace(spec, clients=clients)

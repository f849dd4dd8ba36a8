"""From the sections `ssh` of the configuration, of all hosts, of a site, of a node, to how each host is reached."""

from collections.abc import Iterable
from dataclasses import dataclass

from components.model.read.fields import Fields
from components.model.read.host_keys import find_host_key, is_host_key
from components.model.read.host_port import is_host
from components.model.spec import Bastion, SshTarget, defaults

NO_BASTION = (False, "none")


@dataclass(frozen=True)
class Login:
    """What hosts have in common unless they say otherwise: the user, and the host that connections go through."""

    user: str = defaults.SSH_USER
    bastion: Bastion | None = None


class SshParser:
    """Reads these sections; `known_hosts` are lines of such files. Mistakes are noted in the fields' problems."""

    def __init__(self, known_hosts: Iterable[str]) -> None:
        self._known_hosts = tuple(known_hosts)

    def login(self, fields: Fields, above: Login) -> Login:
        """Return what a section says for the hosts below it; what it leaves out comes from the one above."""
        user = fields.optional_text("user", "root") or above.user
        return Login(user, self._bastion(fields, user, above.bastion))

    def target(self, name: str, endpoint_host: str | None, fields: Fields, above: Login) -> SshTarget:
        """Return how a node is reached; `endpoint_host` is where it is when the section does not say."""
        login = self.login(fields, above)
        host = fields.optional_text("host", "192.0.2.7") or endpoint_host or ""
        port = fields.integer("port", defaults.SSH_PORT, 1, 65535, "TCP port")
        if not host:
            fields.problems.add(
                "missing",
                fields.at("host"),
                "is missing, and there is no endpoint of its own to take the address from",
                "write where this host is reached by SSH, for example `host: 192.0.2.7`",
            )
        host_key = self._host_key(fields, host, port, (name, port), (name, 22))
        fields.finish()
        return SshTarget(host, port, login.user, host_key, login.bastion)

    def _bastion(self, above_fields: Fields, user: str, above: Bastion | None) -> Bastion | None:
        written = above_fields.raw("bastion")
        if written is None:
            return above
        if written in NO_BASTION:
            return None
        fields = above_fields.sub("bastion")
        host = fields.text("host", "bastion.example.org")
        port = fields.integer("port", defaults.SSH_PORT, 1, 65535, "TCP port")
        user = fields.optional_text("user", "jump") or user
        bastion = Bastion(host, port, user, self._host_key(fields, host, port))
        fields.finish()
        return bastion

    def _host_key(self, fields: Fields, host: str, port: int, *also: tuple[str, int]) -> str:
        """Return the host key that is written, or known for the host or one of the other names; empty: a mistake."""
        written = fields.optional_text("hostKey", "ssh-ed25519 AAAAC3Nza...")
        if not host:
            return ""
        if not is_host(host):
            fields.problems.add(
                "not-a-host",
                fields.at("host"),
                f"{host!r} is neither an address nor a DNS name",
                "write one of the two",
            )
        elif written is None:
            found = find_host_key(self._known_hosts, ((host, port), *also))
            if found:
                return found
            names = " or ".join(dict.fromkeys((host, *(name for name, _ in also))))
            fields.problems.add(
                "missing",
                fields.at("hostKey"),
                f"is missing, and ssh.knownHostsFile has no key for {names}",
                "add the key after comparing its fingerprint with the host's console (ssh-keyscan fetches it)",
            )
        elif not is_host_key(written):
            fields.problems.add(
                "not-a-host-key",
                fields.at("hostKey"),
                "is not a public host key",
                "write `ssh-ed25519 AAAA...` as in known_hosts, without a name",
            )
        return written or ""

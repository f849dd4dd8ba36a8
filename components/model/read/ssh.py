"""From the sections `ssh` (of the stack, of a site, of a node) to how each host is reached."""

from dataclasses import dataclass

from components.model.read.fields import Fields
from components.model.read.files import Read, read_private_key
from components.model.read.host_keys import KnownHosts
from components.model.read.host_port import read_host
from components.model.spec import Bastion, SshTarget, defaults
from components.model.values.host_key import RSA, host_key_type, is_host_key
from components.model.values.word import is_user

NONE = (False, "none")
"""How a section writes that it does not inherit a value."""


@dataclass(frozen=True)
class Login:
    """What the hosts below a section inherit from it."""

    user: str = defaults.SSH_USER
    private_key_file: str = ""
    mesh_port: int = defaults.SSH_PORT
    bastion: Bastion | None = None


class SshParser:
    """Reads these sections; `known_hosts` is None where no such file is declared, `read` returns the text of a file.

    Mistakes are added to the fields' problems.
    """

    def __init__(self, known_hosts: KnownHosts | None, read: Read) -> None:
        self._known_hosts = known_hosts
        self._read = read

    def login(self, fields: Fields, above: Login) -> Login:
        """Return the login of the hosts below a section; what it does not set is inherited from the section above."""
        user = _user(fields, "root") or above.user
        key = self._private_key_file(fields, above.private_key_file)
        mesh_port = fields.port("meshPort", defaults.SSH_PORT) or above.mesh_port
        return Login(user, key, mesh_port, self._bastion(fields, user, key, above.bastion))

    def _private_key_file(self, fields: Fields, above: str) -> str:
        written = fields.raw("privateKeyFile")
        return above if written is None else "" if written in NONE else read_private_key(fields, self._read)

    def target(self, name: str, endpoint_host: str | None, fields: Fields, above: Login) -> SshTarget:
        """Return how a node is reached; `endpoint_host` is the host when the section has none.

        It is empty where the endpoint that is written cannot be read.
        """
        login = self.login(fields, above)
        written = fields.optional_text("host", "192.0.2.7")
        host = (endpoint_host or "") if written is None else read_host(fields, written) if written else ""
        port = fields.integer("port", defaults.SSH_PORT, 1, 65535, "TCP port")
        if written is None and endpoint_host is None:
            fields.problems.add(
                "missing",
                fields.at("host"),
                "is missing, and there is no endpoint of its own to take the address from",
                "write where this host is reached by SSH, for example `host: 192.0.2.7`",
            )
        host_key = self._host_key(fields, host, port, (name, port), (name, 22))
        fields.finish()
        return SshTarget(host, port, login.user, host_key, login.bastion, login.private_key_file, login.mesh_port)

    def _bastion(self, above_fields: Fields, user: str, key: str, above: Bastion | None) -> Bastion | None:
        """Return the bastion of a section. `user` and `key` are what the section's hosts are opened with."""
        written = above_fields.raw("bastion")
        if written is None:
            return above
        if written in NONE:
            return None
        fields = above_fields.sub("bastion")
        written_host = fields.text("host", "bastion.example.org")
        host = read_host(fields, written_host) if written_host else ""
        port = fields.integer("port", defaults.SSH_PORT, 1, 65535, "TCP port")
        user = _user(fields, "jump") or user
        host_key = self._host_key(fields, host, port)
        bastion = Bastion(host, port, user, host_key, self._private_key_file(fields, key))
        fields.finish()
        return bastion

    def _host_key(self, fields: Fields, host: str, port: int, *also: tuple[str, int]) -> str:
        """Return the host key that is written, or known for the host or one of the other names; empty: a mistake."""
        written = fields.optional_text("hostKey", "ssh-ed25519 AAAAC3Nza...")
        if written is None and host:
            return self._known_key(fields, ((host, port), *also))
        if not written or is_host_key(written):
            if written and self._known_hosts and self._known_hosts.revokes(written, ((host, port), *also)):
                fields.wrong(
                    "revoked",
                    "hostKey",
                    "is revoked by a line of ssh.knownHostsFile",
                    "write the key that the host has now, after comparing its fingerprint with the host's console",
                )
            return written or ""
        if host_key_type(written) == RSA:
            fields.wrong(
                "rsa-host-key",
                "hostKey",
                f"is an {RSA} key, and hosts are identified by their other keys",
                "write the host's ssh-ed25519 or ecdsa key (`ssh-keyscan -t ed25519,ecdsa HOST` fetches it)",
            )
        else:
            fields.wrong(
                "not-a-host-key",
                "hostKey",
                "is not a whole public host key",
                "write `ssh-ed25519 AAAA...` as in known_hosts, without a name",
            )
        return ""

    def _known_key(self, fields: Fields, names: tuple[tuple[str, int], ...]) -> str:
        if self._known_hosts is None:
            fields.wrong(
                "missing",
                "hostKey",
                "is missing, and there is no `ssh.knownHostsFile`",
                "write `ssh.knownHostsFile: PATH`, a file with the keys of all hosts, or the key here",
            )
            return ""
        known = self._known_hosts.find(names)
        if not known.key:
            hosts = " or ".join(dict.fromkeys(name for name, _ in names))
            fields.wrong(
                "missing",
                "hostKey",
                f"is missing, and ssh.knownHostsFile {known.why or f'has no key for {hosts}'}",
                "add the key after comparing its fingerprint with the host's console (ssh-keyscan fetches it)",
            )
        return known.key


def _user(fields: Fields, example: str) -> str | None:
    kind = "a user's name: letters, digits, '_', '.', '-' and '@'"
    return fields.word("user", example, is_user, "not-a-user", kind)

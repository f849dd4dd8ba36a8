"""Files that the configuration names, on the machine where Pulumi runs."""

from collections.abc import Callable

from components.model.problems import printable
from components.model.read.fields import Fields
from components.model.values.host_key import has_passphrase
from components.model.values.line import is_file_name

Read = Callable[[str], str]
"""Returns the text of a file; raises OSError when it cannot be read, UnicodeDecodeError when it is not UTF-8."""


def read_file_name(fields: Fields, name: str, example: str) -> str | None:
    """Return the name of a file, without blanks around it; None when absent, empty when it cannot be one."""
    return fields.word(name, example, is_file_name, "not-a-file-name", "a name of a file")


def read_known_hosts(ssh: Fields, read: Read) -> list[str] | None:
    """Return the lines of the file `knownHostsFile`; None when none is declared."""
    name = read_file_name(ssh, "knownHostsFile", "~/.ssh/known_hosts")
    if name is None:
        return None
    try:
        return read(name).splitlines() if name else []
    except (OSError, ValueError) as error:
        what = f"{printable(name)} cannot be read ({_why(error)})"
        instead = "write the path of a known_hosts file that holds the key of every host"
        ssh.wrong("unreadable", "knownHostsFile", what, instead)
        return []


def read_private_key(ssh: Fields, read: Read) -> str:
    """Return the name of the file `privateKeyFile`; empty when it is not a private key that a run can use.

    A run cannot be given a passphrase.
    """
    name = read_file_name(ssh, "privateKeyFile", "~/.ssh/id_ed25519")
    if not name:
        return ""
    instead = "write the path of an OpenSSH private key, or `false` to use the SSH agent"
    try:
        text = read(name)
    except (OSError, ValueError) as error:
        ssh.wrong("unreadable", "privateKeyFile", f"{printable(name)} cannot be read ({_why(error)})", instead)
        return ""
    if "PRIVATE KEY" not in text:
        ssh.wrong("not-a-private-key", "privateKeyFile", f"{printable(name)} is not a private key", instead)
    elif has_passphrase(text):
        ssh.wrong(
            "has-passphrase",
            "privateKeyFile",
            f"{printable(name)} has a passphrase",
            "write `false` here and add the key to the SSH agent (`ssh-add`), or write the path of a key without one",
        )
    return name


def _why(error: Exception) -> str:
    return (error.strerror or "no such file") if isinstance(error, OSError) else "it is not text in UTF-8"

"""Names of users and variables, labels, taints, addresses of git repositories: each one word."""

import keyword
import re

from components.model.values.name import is_dns_label

_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}")
"""Local users and users of directory services (`ada.lovelace@example.org`). No final `$`: machines do not log in."""
_LABEL_PART = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_HOST = r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9][A-Za-z0-9.-]*)"
_PATH = r"[A-Za-z0-9/._~@%+=,-]+"
_GIT = re.compile(
    rf"(https?|ssh|git)://([A-Za-z0-9_][A-Za-z0-9_.%:+-]*@)?{_HOST}(:[0-9]{{1,5}})?/{_PATH}"
    rf"|(file://)?/{_PATH}"
    rf"|([A-Za-z0-9_][A-Za-z0-9_.-]*@)?{_HOST}:(?!//){_PATH}"
)


def is_user(text: str) -> bool:
    """Whether a text is a name of a user that ssh, a shell and Ansible take as one word."""
    return _USER.fullmatch(text) is not None


def is_label_value(text: str) -> bool:
    """Whether a text is a value of a Kubernetes label, which may be empty."""
    return text == "" or _LABEL_PART.fullmatch(text) is not None


def is_label_key(text: str) -> bool:
    """Whether a text is a key of a Kubernetes label: NAME, or PREFIX/NAME with a DNS name."""
    prefix, slash, name = text.rpartition("/")
    prefixed = len(prefix) <= 253 and all(map(is_dns_label, prefix.split("."))) if slash else True
    return prefixed and _LABEL_PART.fullmatch(name) is not None


def is_taint(text: str) -> bool:
    """Whether a text is KEY:EFFECT or KEY=VALUE:EFFECT, as Kubernetes has them."""
    pair, _, effect = text.rpartition(":")
    key, _, value = pair.partition("=")
    return effect in _EFFECTS and is_label_key(key) and is_label_value(value)


def is_variable(text: str) -> bool:
    """Whether a text is a name of an Ansible variable."""
    return _VARIABLE.fullmatch(text) is not None and not keyword.iskeyword(text)


def is_git_address(text: str) -> bool:
    """Whether a text is where git fetches from: https, ssh, git or file, HOST:PATH, or an absolute path.

    It is never an option, and never `ext::COMMAND`, which git runs.
    """
    return len(text) <= 300 and _GIT.fullmatch(text) is not None

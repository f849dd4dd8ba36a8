"""Report of a run's failures for a person: each task once, with the hosts, their messages, and hints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST = 2000
_HINTS = (
    (
        r"(?i)checksum|urlopen|HTTP Error|Request failed|download|name resolution|pull",
        "the host could not download a file or an image: check its internet access, or name a mirror in "
        "kubernetes.variables (files_repo, registry_host ...)",
    ),
    (r"(?i)no space left", "the host's disk is full: make room"),
    (
        r"(?i)could not get lock|dpkg frontend lock|dnf.*lock",
        "another package manager is running on the host: wait until it ends",
    ),
    (r"the clock here differs", "install and enable chrony on both: TLS and etcd fail where clocks differ by seconds"),
    (
        r"(?i)sudo: |become password",
        "the login user needs sudo without a password (NOPASSWD), also for logins over wg0",
    ),
    (
        r"(?i)fapolicyd|operation not permitted|avc:.*denied",
        "fapolicyd or SELinux may have forbidden it: ausearch -m fanotify,avc -ts recent; see docs/security.md",
    ),
    (r"(?i)memory", "the host has too little memory for its role"),
    (r"(?i)connection refused|i/o timeout|timed out", "a service did not answer: its log on the host shows why"),
)
_LOGINS = (
    (
        r"Permission denied",
        "sshd on the host refuses the deployer's key: it must admit the login user from wg0 addresses (AllowUsers, "
        "AllowGroups, DenyUsers, PermitRootLogin, Match) and read ~/.ssh/authorized_keys (AuthorizedKeysFile); its log "
        "says which (journalctl -u ssh -u sshd)",
    ),
    (
        r"Connection refused",
        "sshd does not listen on the host's wg0 address: see ListenAddress and Port in sshd_config",
    ),
    (
        r"Host key verification failed|REMOTE HOST IDENTIFICATION|host key is known",
        "the host has another host key than the declared one: write its own in ssh.hostKey",
    ),
    (
        r"(?i)connection (closed|reset)|kex_exchange|banner exchange",
        "sshd on the host ended the connection: see MaxStartups, hosts.deny and fail2ban there",
    ),
)
_UNREACHABLE = "check whether the host is up, and whether the deployer reaches it over wg0 (ping, ssh)"
_ELSE = "log in to the host and read its logs: journalctl -u kubelet -u containerd -u etcd"


@dataclass(frozen=True)
class Failure:
    """A task that failed on a host."""

    task: str
    host: str
    said: str
    unreachable: bool

    @property
    def hint(self) -> str:
        """What the person can try."""
        if self.unreachable:
            return next((hint for pattern, hint in _LOGINS if re.search(pattern, self.said)), _UNREACHABLE)
        return next((hint for pattern, hint in _HINTS if re.search(pattern, self.said)), _ELSE)


def said_by(result: Mapping[str, object]) -> str:
    """Return the message of a failed Ansible result; for a loop, of its failed items. Hidden ones stay hidden."""
    if result.get("_ansible_no_log") or result.get("censored"):
        return "(hidden: the task handles secrets)"
    items = result.get("results")
    if isinstance(items, list):
        failed = [
            item for item in items if isinstance(item, Mapping) and (item.get("failed") or item.get("unreachable"))
        ]
        if failed:
            return "\n".join(dict.fromkeys(said_by(item) for item in failed))
    texts = [str(result[key]).strip() for key in ("msg", "stderr", "reason") if result.get(key)]
    if not result.get("stderr") and result.get("stdout"):
        texts.append(str(result["stdout"]).strip())
    return "\n".join(dict.fromkeys(texts)) or "(nothing)"


def report(failures: list[Failure]) -> str:
    """Return the report as text of several lines."""
    lines = []
    for task in dict.fromkeys(failure.task for failure in failures):
        lines.append(f"TASK {task}")
        hints = []
        for failure in failures:
            if failure.task == task:
                first, *rest = failure.said[:_LONGEST].splitlines() or [""]
                lines += [f"  {failure.host}: {first}", *(f"      {line}" for line in rest)]
                hints.append(failure.hint)
        lines += [f"  try: {hint}" for hint in dict.fromkeys(hints)]
    return "".join(f"{line}\n" for line in lines)

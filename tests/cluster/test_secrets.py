"""No private key is anywhere but on its own host, as root 0600: not in the state, the output, a process list, a file."""

import base64
import json
import re
import time
from pathlib import Path

import pytest

from components.model.mesh import key_derivation as keys
from tests.cluster import first_run
from tests.lab.place import HOSTS, STACK, lab, on, processes_seen, pulumi, state_file
from tests.support.examples import TREE

pytestmark = pytest.mark.long

ALLOWED = {"/etc/wireguard/wg0.conf", "/var/lib/stretched/id_ed25519"}


@pytest.fixture(scope="module")
def secrets(cluster: Path) -> dict[str, str]:  # noqa: ARG001
    """Every secret of ours by its name: seeds, private keys, preshared keys, the line of the SSH key that differs."""
    exported = json.loads(pulumi("stack", "export", "--show-secrets", "--stack", STACK).stdout)
    found: dict[str, str] = {}
    for resource in exported["deployment"]["resources"]:
        if resource["type"] == "random:index/randomPassword:RandomPassword":
            name = resource["urn"].rpartition("::")[2]
            seed = json.loads(resource["outputs"]["result"]["plaintext"])
            found[f"{name} itself"] = seed
            if name.endswith("-key-seed"):
                found[f"{name} as WireGuard key"] = keys.wireguard_private_key(seed)
            if name == "mesh-deployer-seed":
                found["deployer's SSH key"] = keys.ssh_private_key(seed).splitlines()[3]
    for host in HOSTS:
        for number, key in enumerate(re.findall(r"PresharedKey = (\S+)", on(host, "cat", "/etc/wireguard/wg0.conf"))):
            found[f"preshared key {number} of {host}"] = key
    assert len(found) >= 9 + 7 + 1 + 7 * 6
    return found


def held_in(text: str, secrets: dict[str, str]) -> list[str]:
    forms = {name: {key, base64.b64encode(key.encode()).decode()} for name, key in secrets.items()}
    return [name for name, keys_of in forms.items() if any(form in text for form in keys_of)]


def test_the_search_finds_what_it_looks_for(secrets: dict[str, str]) -> None:
    one = next(iter(secrets.values()))
    assert held_in(f"before {one} after", secrets)


def test_no_secret_is_in_the_state_file(secrets: dict[str, str]) -> None:
    for path in [state_file(), state_file().with_suffix(".json.bak")]:
        text = path.read_text(encoding="utf-8")
        assert "ciphertext" in text
        assert held_in(text, secrets) == [], path


def test_no_secret_is_in_what_pulumi_printed(secrets: dict[str, str]) -> None:
    assert "Resources:" in first_run.OUTPUT[0]
    assert held_in(first_run.OUTPUT[0], secrets) == []
    preview = pulumi("preview", "--diff", "--stack", STACK)
    assert held_in(preview.stdout, secrets) == []


def test_a_preview_names_secret_variables_that_changed_and_shows_no_value(
    cluster: Path,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    value = "correct-horse-battery-staple"
    file = tmp_path / f"Pulumi.{STACK}.yaml"
    text = (TREE / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8")
    line = f"  stretched:secretVariables: {{registry_password: {value}}}\n"
    file.write_text(text.replace("config:\n", f"config:\n{line}", 1), encoding="utf-8")
    said = pulumi("preview", "--diff", "--config-file", str(file), "--stack", STACK).stdout
    assert "cluster.yml: changed secret variables registry_password" in said
    assert value not in said


def test_no_secret_is_in_an_output_that_is_not_secret(secrets: dict[str, str]) -> None:
    assert held_in(pulumi("stack", "output", "--json", "--stack", STACK).stdout, secrets) == []


def test_no_process_of_the_machine_shows_a_secret_while_all_keys_change(
    secrets: dict[str, str], tmp_path: Path
) -> None:
    """A rotation hands new secrets to every host; the old ones are looked for on the way back."""
    rotated = tmp_path / f"Pulumi.{STACK}.yaml"
    text = (TREE / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8")
    rotated.write_text(
        text.replace("cidr: 192.168.0.0/24", "cidr: 192.168.0.0/24\n    rotation: test"), encoding="utf-8"
    )
    interface = on("uvic001.hl-lhc.io", "cat", "/sys/class/net/wg0/ifindex")
    ping = "for i in $(seq 100000); do ping -q -c 1 -W 5 192.168.0.2 >/dev/null || echo lost; ping -q -c 1 -W 5 192.168.0.6 >/dev/null || echo lost; done"
    on(
        "uvic001.hl-lhc.io",
        "systemd-run",
        "--quiet",
        "--collect",
        "--unit=test-ping",
        "-p",
        "StandardOutput=file:/run/lost",
        "sh",
        "-c",
        ping,
    )
    began = time.monotonic()
    pulumi("up", "--yes", "--skip-preview", "--config-file", str(rotated), "--stack", STACK)
    with processes_seen() as seen:
        output = pulumi("up", "--yes", "--skip-preview", "--stack", STACK).stdout
    took = time.monotonic() - began
    lost = on(
        "uvic001.hl-lhc.io", "sh", "-c", "systemctl stop test-ping 2>/dev/null; cat /run/lost; rm /run/lost"
    ).split()
    everything = "\n".join(seen | first_run.SEEN)
    assert "tunnel.sh" in everything, "the processes of the hosts were not seen"
    assert held_in(everything, secrets) == []
    assert held_in(output, secrets) == []
    # A handshake that falls between two hosts' new preshared keys comes again after 5 s, or 15 s when it collided.
    # The longer the two runs take, the more handshakes fall there.
    away = 5 * len(lost)
    assert away <= max(20, took / 4), (
        f"tunnels were away for {away} of {took:.0f} s during two rotations of all preshared keys"
    )
    assert on("uvic001.hl-lhc.io", "cat", "/sys/class/net/wg0/ifindex") == interface, "wg0 went down for a rotation"


@pytest.mark.parametrize("host", HOSTS)
def test_secrets_lie_on_their_own_host_only_as_root_0600(host: str, secrets: dict[str, str]) -> None:
    patterns = "\n".join(secrets.values())
    script = "umask 077; cat >/run/patterns; grep -rlFf /run/patterns /etc /root /home /var /tmp /opt/cni /usr/local 2>/dev/null; rm /run/patterns"
    found = set(lab("exec", host, "--", "sh", "-c", script, stdin=patterns, check=False).stdout.split())
    assert "/etc/wireguard/wg0.conf" in found
    assert found <= ALLOWED
    for path in found:
        assert on(host, "stat", "-c", "%U %a", path).strip() == "root 600", path
    conf = on(host, "cat", "/etc/wireguard/wg0.conf")
    own = {name for name in held_in(conf, secrets) if "WireGuard key" in name}
    assert own == {f"mesh-{host}-key-seed as WireGuard key"}


def test_files_rendered_for_upload_hold_no_secret(secrets: dict[str, str]) -> None:
    files = [path for path in (TREE / ".stretched" / STACK).rglob("*") if path.is_file()]
    assert len(files) > 8, "a bundle a node, and two of the deployer's"
    for path in files:
        assert held_in(path.read_bytes().decode(errors="replace"), secrets) == [], path

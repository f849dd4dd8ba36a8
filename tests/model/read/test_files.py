"""Files that the configuration names: known hosts and the private key, whatever is in them."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from components.model.configuration import parse
from components.model.problems import ConfigError
from components.model.read.host_keys import KnownHosts
from tests.support.examples import HOST_KEY, changed, configuration, host_key, three_sites
from tests.support.mistakes import Mistake

OTHER = host_key("another host")


def read_from(directory: Path, config: dict[str, object]) -> list[Mistake]:
    """Return the mistakes of a configuration whose files are read as the program reads them."""
    try:
        parse(config, lambda name: (directory / Path(name).expanduser()).read_text(encoding="utf-8"))
    except ConfigError as error:
        return [(problem.path, problem.code) for problem in error.problems]
    return []


def key(encrypted: bool, form: PrivateFormat) -> bytes:
    private = Ed25519PrivateKey.generate()
    protection = BestAvailableEncryption(b"secret") if encrypted else NoEncryption()
    return private.private_bytes(Encoding.PEM, form, protection)


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8])
def test_a_private_key_with_a_passphrase_is_refused(tmp_path: Path, form: PrivateFormat) -> None:
    config = changed("ssh/privateKeyFile", " id ", changed("ssh/knownHostsFile", "known", configuration()))
    (tmp_path / "known").write_text(Path("hl-lhc.known_hosts").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "id").write_bytes(key(False, form))
    assert read_from(tmp_path, config) == []
    (tmp_path / "id").write_bytes(key(True, form))
    assert read_from(tmp_path, config) == [("ssh.privateKeyFile", "has-passphrase")]


@pytest.mark.parametrize("content", [b"\x30\x82\xff\x00", "gr\u00fcn".encode("latin-1"), b"\0", b""])
def test_a_key_of_another_form_is_a_mistake_not_a_crash(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "id").write_bytes(content)
    config = changed("ssh/privateKeyFile", "id", three_sites())
    codes = [code for path, code in read_from(tmp_path, config) if path == "ssh.privateKeyFile"]
    assert codes in (["unreadable"], ["not-a-private-key"])


@pytest.mark.parametrize("content", [b"\xff\xfeh", "gr\u00fcn".encode("latin-1")])
def test_known_hosts_in_another_encoding_are_a_mistake_not_a_crash(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "known").write_bytes(content)
    assert ("ssh.knownHostsFile", "unreadable") in read_from(
        tmp_path, changed("ssh/knownHostsFile", "known", three_sites())
    )


def key_of(lines: list[str], *names: str) -> str:
    return KnownHosts(lines).find([(name, 22) for name in names]).key


def test_a_byte_order_mark_does_not_hide_the_first_host() -> None:
    assert key_of([f"\ufeff192.0.2.7 {HOST_KEY}"], "192.0.2.7") == HOST_KEY


def test_revoked_keys_are_none_whatever_else_has_them() -> None:
    lines = [f"@revoked * {HOST_KEY}", f"192.0.2.7 {HOST_KEY}", f"node7 {OTHER}"]
    assert key_of(lines, "192.0.2.7") == ""
    assert KnownHosts(lines).find([("192.0.2.7", 22)]).why == "says that the key of 192.0.2.7 is revoked"
    assert key_of(lines, "192.0.2.7", "node7") == OTHER
    assert key_of([f"@revoked 192.0.2.8 {HOST_KEY}", f"192.0.2.7 {HOST_KEY}"], "192.0.2.7") == HOST_KEY
    assert key_of([f"@revoked 192.0.2.7 {HOST_KEY}", f"node7 {HOST_KEY}"], "192.0.2.7", "node7") == ""


def test_a_written_key_that_is_revoked_is_refused(tmp_path: Path) -> None:
    config = changed("ssh/knownHostsFile", "known", configuration())
    lines = Path("hl-lhc.known_hosts").read_text(encoding="utf-8")
    config = changed("sites/uvic/nodes/uvic001.hl-lhc.io/ssh", {"hostKey": HOST_KEY}, config)
    (tmp_path / "known").write_text(f"{lines}@revoked 192.0.2.99 {HOST_KEY}\n", encoding="utf-8")
    assert read_from(tmp_path, config) == []
    (tmp_path / "known").write_text(f"{lines}@revoked * {HOST_KEY}\n", encoding="utf-8")
    assert read_from(tmp_path, config) == [("sites.uvic.nodes.uvic001.hl-lhc.io.ssh.hostKey", "revoked")]


def test_negated_patterns_take_their_line_away() -> None:
    lines = [f"*.example.org,!bad.example.org {HOST_KEY}"]
    assert key_of(lines, "good.example.org") == HOST_KEY
    assert key_of(lines, "bad.example.org") == ""
    assert key_of([f"!*.example.org {HOST_KEY}"], "other.org") == "", "a line of negated patterns alone matches nothing"


def test_names_match_in_any_case_and_authorities_are_no_keys() -> None:
    assert key_of([f"Node7.Example.ORG {HOST_KEY}"], "node7.example.org") == HOST_KEY
    assert key_of([f"@cert-authority *.example.org {HOST_KEY}"], "node7.example.org") == ""


def test_an_rsa_key_alone_is_reported() -> None:
    parts = (b"ssh-rsa", bytes([1, 0, 1]), b"\0" + b"n" * 256)
    rsa = "ssh-rsa " + base64.b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()
    known = KnownHosts([f"192.0.2.7 {rsa}"]).find([("192.0.2.7", 22)])
    assert known.key == ""
    assert known.why == "has an ssh-rsa key alone for 192.0.2.7, and hosts are identified by their other keys"
    assert key_of([f"192.0.2.7 {rsa}", f"192.0.2.7 {HOST_KEY}"], "192.0.2.7") == HOST_KEY

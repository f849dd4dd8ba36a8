"""Addresses, endpoints, keys, host keys, the kubeconfig: values that depend on nothing but their input."""

import base64
import subprocess
from ipaddress import IPv4Network
from shutil import which

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from hypothesis import given
from hypothesis import strategies as st

from components.model.configuration import parse
from components.model.files.kubeconfig import for_users
from components.model.mesh import key_derivation as keys
from components.model.mesh.addressing import derived_address, first_free
from components.model.read.host_keys import KnownHosts
from components.model.read.host_port import parse_endpoint
from components.model.spec import Endpoint
from components.model.values.host_key import is_host_key
from tests.support.examples import HOST_KEY, changed, configuration, host_key, read

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,10}[0-9]{3}\.example\.org", fullmatch=True)


@given(NAMES, st.integers(8, 30), st.integers(0, 2**32 - 1))
def test_a_derived_address_is_usable_and_depends_on_name_and_range_only(name: str, prefix: int, base: int) -> None:
    cidr = IPv4Network((base, prefix), strict=False)
    address = derived_address(name, cidr)
    assert address in cidr
    assert address not in (cidr.network_address, cidr.broadcast_address)
    assert address == derived_address(name, cidr)


def test_the_first_free_address_skips_the_taken_ones() -> None:
    cidr = IPv4Network("192.168.0.0/30")
    assert str(first_free(cidr, [cidr[1]])) == "192.168.0.2"
    assert first_free(cidr, [cidr[1], cidr[2]]) is None


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.0.2.7", "192.0.2.7", 51820),
        ("192.0.2.7:500", "192.0.2.7", 500),
        ("[2001:db8::7]:500", "2001:db8::7", 500),
        ("2001:db8::7", "2001:db8::7", 51820),
        ("wg.example.org:500", "wg.example.org", 500),
    ],
)
def test_an_endpoint_is_read(text: str, host: str, port: int) -> None:
    endpoint = parse_endpoint(text, 51820)
    assert (endpoint.host, endpoint.port) == (host, port)


@pytest.mark.parametrize(
    "text", ["", ":51820", "192.0.2.7:", "192.0.2.7:x", "192.0.2.7:99999", "192.0.2.999", "a_b", "[::1"]
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not HOST"):
        parse_endpoint(text, 51820)


def test_an_x25519_public_key_is_that_of_rfc_7748() -> None:
    private = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    public = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    assert keys.wireguard_public_key(base64.b64encode(private).decode()) == base64.b64encode(public).decode()


@given(st.text(alphabet="abcXYZ019", min_size=8))
def test_a_private_key_is_clamped_and_stable(seed: str) -> None:
    raw = base64.b64decode(keys.wireguard_private_key(seed))
    assert len(raw) == 32
    assert raw[0] % 8 == 0
    assert raw[31] & 192 == 64
    assert keys.wireguard_private_key(seed) == keys.wireguard_private_key(seed)


def test_the_public_key_is_what_wg_prints() -> None:
    if not which("wg"):
        pytest.skip("wireguard-tools is not installed: no wg to compare with")
    private = keys.wireguard_private_key("seed")
    printed = subprocess.run(["wg", "pubkey"], input=private, text=True, capture_output=True, check=True).stdout.strip()
    assert keys.wireguard_public_key(private) == printed


def test_a_preshared_key_is_the_same_from_both_ends_and_another_for_every_pair_rotation_and_mesh() -> None:
    a, b, c = ("a", ""), ("b", ""), ("c", "")
    assert keys.preshared_key("s", a, b) == keys.preshared_key("s", b, a)
    different = {keys.preshared_key(*arguments) for arguments in
                 [("s", a, b), ("s", a, c), ("s", b, c), ("t", a, b), ("s", ("a", "2"), b), ("s", a, ("b", "2"))]}  # fmt: skip
    assert len(different) == 6


def test_a_rotation_of_the_site_or_of_the_node_is_a_new_one_for_the_node() -> None:
    node = "sites/uvic/nodes/uvic001.hl-lhc.io/rotation"
    configs = [
        configuration(),
        changed("sites/uvic/rotation", "a"),
        changed(node, "b"),
        changed(node, "b", changed("sites/uvic/rotation", "a")),
    ]
    assert [parse(config, read).node("uvic001.hl-lhc.io").rotation for config in configs] == ["", "a", "b", "a/b"]


def test_labels_separate_the_uses_of_one_seed() -> None:
    assert base64.b64decode(keys.wireguard_private_key("seed"))[1:31] not in keys.ssh_private_key("seed").encode()
    assert keys.ssh_public_key("seed").startswith("ssh-ed25519 AAAA")


@given(st.text(alphabet="abcXYZ019", min_size=8))
def test_the_ssh_key_is_read_by_others_and_the_same_seed_gives_the_same_bytes(seed: str) -> None:
    private = keys.ssh_private_key(seed)
    assert private == keys.ssh_private_key(seed)
    public = (
        load_ssh_private_key(private.encode(), None).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    )
    assert public.decode() == keys.ssh_public_key(seed)


def test_host_keys_are_looked_up_by_address_port_name_pattern_and_hash() -> None:
    other = host_key("another host")
    lines = [
        "# comment",
        f"192.0.2.7,host7 {HOST_KEY}",
        f"[192.0.2.8]:2222 {HOST_KEY} comment",
        f"*.example.org {other}",
        f"@revoked 192.0.2.9 {HOST_KEY}",
        "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= " + HOST_KEY,  # 192.168.1.61
    ]
    known = KnownHosts(lines)

    def find_host_key(names: list[tuple[str, int]]) -> str:
        return known.find(names).key

    assert find_host_key([("192.0.2.7", 22)]) == HOST_KEY
    assert find_host_key([("nowhere", 22), ("host7", 22)]) == HOST_KEY
    assert find_host_key([("192.0.2.8", 2222)]) == HOST_KEY
    assert find_host_key([("192.0.2.8", 22)]) == ""
    assert find_host_key([("n1.example.org", 22)]) == other
    assert find_host_key([("192.0.2.9", 22)]) == ""
    assert find_host_key([("192.168.1.61", 22)]) == HOST_KEY


def test_what_is_no_host_key_is_refused() -> None:
    assert is_host_key(HOST_KEY)
    for text in ("", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-rsa " + HOST_KEY.split()[1], HOST_KEY + " comment"):
        assert not is_host_key(text)


def test_the_kubeconfig_names_the_address_and_the_stack() -> None:
    admin = yaml.safe_dump(
        {
            "clusters": [{"name": "kubernetes", "cluster": {"server": "https://192.168.0.2:6443", "certificate-authority-data": "Q0E="}}],
            "users": [{"name": "kubernetes-admin", "user": {"client-key-data": "S0VZ"}}],
            "contexts": [{"name": "x", "context": {"cluster": "kubernetes", "user": "kubernetes-admin"}}],
            "current-context": "x",
        }
    )  # fmt: skip
    result = yaml.safe_load(for_users(admin, Endpoint("192.0.2.2", 6443), "dev"))
    assert result["clusters"][0] == {
        "name": "dev",
        "cluster": {"server": "https://192.0.2.2:6443", "certificate-authority-data": "Q0E="},
    }
    assert result["users"] == [{"name": "dev-admin", "user": {"client-key-data": "S0VZ"}}]
    assert result["current-context"] == result["contexts"][0]["name"] == "dev"
    assert (
        yaml.safe_load(for_users(admin, Endpoint("2001:db8::1", 443), "dev"))["clusters"][0]["cluster"]["server"]
        == "https://[2001:db8::1]:443"
    )

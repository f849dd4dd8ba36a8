"""What a cluster needs for docs/gateway.md and has no internet for: the Gateway API's kinds, and Traefik's image."""

import datetime
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab.kubernetes import images
from tests.support.examples import TREE
from tools import gobuild
from tools.pins import pins

PAGES = TREE / "docs/gateway"


class Service(TypedDict):
    """A part of a service's declaration."""

    at: list[str]


def services() -> dict[str, Service]:
    """Return the services that docs/gateway.md declares."""
    text = (TREE / "docs/gateway.md").read_text(encoding="utf-8")
    (block,) = (block for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE) if "stretched:services:" in block)
    found: dict[str, Service] = yaml.safe_load(textwrap.dedent(block))["stretched:services"]
    return found


def kinds() -> str:
    """Return the manifests of the Gateway API's standard channel, as Kubespray installs them."""
    module = gobuild.download("sigs.k8s.io/gateway-api", f"v{pins().gateway_api}")
    files = sorted((Path(module["Dir"]) / "config/crd/standard").glob("*.yaml"))
    return "\n---\n".join(file.read_text(encoding="utf-8") for file in files)


def page(name: str) -> str:
    """Return a manifest of the documentation."""
    return (PAGES / name).read_text(encoding="utf-8")


def import_image(hosts: Iterable[str], directory: Path) -> None:
    """Have containerd of the hosts know the image that the documentation names."""
    (daemons,) = [one for one in yaml.safe_load_all(page("traefik.yaml")) if one["kind"] == "DaemonSet"]
    reference = daemons["spec"]["template"]["spec"]["containers"][0]["image"]
    assert reference.rpartition(":")[2] == pins().go["traefik"].version, "the version of tools/pins.toml is documented"
    archive = directory / "traefik.tar"
    image = images.Image(
        reference, ("/traefik",), {"/traefik": gobuild.binary("traefik")}, architecture=images.architecture()
    )
    images.write(image, archive)
    for host in hosts:
        words = [sys.executable, "-m", "lab", "exec", host, "--", "ctr", "-n", "k8s.io", "images", "import", "-"]
        with archive.open("rb") as content:
            subprocess.run(words, cwd=TREE, stdin=content, check=True)


def certificate(name: str) -> tuple[str, str]:
    """Return a certificate for a name, signed by itself, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()

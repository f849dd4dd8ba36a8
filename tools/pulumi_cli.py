"""Sources of the Pulumi command and its Python language host: PATH, the official download, or Go modules."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools import cache, gobuild, net
from tools.errors import ToolError
from tools.pins import GoPin, pins
from tools.progress import heartbeat, run, step

_RELEASES = "https://get.pulumi.com/releases/sdk"
_ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64"}
_HOST = "pulumi-language-python"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


@dataclass(frozen=True)
class Cli:
    """`directory` holds `pulumi` and `pulumi-language-python`; `way` describes its source for people."""

    directory: Path
    way: str


def find(path: str) -> Cli:
    """Return the command from the first source that works; `path` is PATH without directories of this project.

    Raises ToolError when no source works, or when a download does not match its checksum.
    """
    version = pins().pulumi
    if cli := on_path(path, version):
        return cli
    downloaded = _download_name(version)
    built = _built_name(version)
    for name, way in ((downloaded, "official download"), (built, "built from Go modules")):
        if (cache.cache_dir() / name).is_dir():
            return Cli(cache.cache_dir() / name, f"v{version}, {way}, from the cache")
    try:
        return Cli(_download(version, downloaded), f"official download of v{version}")
    except net.UnreachableError as error:
        print(f"    {error}: building it from Go modules instead", flush=True)
        return Cli(_build(version, built), f"v{version} built from Go modules, as there is {error}")


def on_path(path: str, version: str) -> Cli | None:
    """Return the `pulumi` of `path` if it is new enough for the SDK and its language host is there too."""
    program, host = shutil.which("pulumi", path=path), shutil.which(_HOST, path=path)
    if program is None or host is None:
        return None
    command = [program, "version"]
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    output = subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout.strip()
    have, wanted = _major_minor(output), _major_minor(version)
    if have is None or wanted is None or have[0] != wanted[0] or have < wanted:
        print(
            f"    {program} is {output or 'of no known version'}, not {wanted} or newer of its kind: not used",
            flush=True,
        )
        return None
    return Cli(Path(program).parent, f"{output} on PATH")


def _major_minor(version: str) -> tuple[int, int] | None:
    match = re.match(r"v?(\d+)\.(\d+)\.", version)
    return (int(match[1]), int(match[2])) if match else None


def _download_name(version: str) -> str:
    return f"pulumi/cli-v{version}-{platform.machine()}-download"


def _built_name(version: str) -> str:
    key = cache.digest(*(gobuild.entry_name(pin, ldflags) for pin, ldflags in _builds(version)))
    return f"pulumi/cli-v{version}-{platform.machine()}-built-{key}"


def _builds(version: str) -> tuple[tuple[GoPin, list[str]], tuple[GoPin, list[str]]]:
    """Return the pins of the command and the language host, with linker flags that set their versions."""
    cli, host = pins().go["pulumi"], pins().go[_HOST]
    return (cli, [f"-X {_VERSION_VARIABLE}=v{version}"]), (host, [f"-X {_VERSION_VARIABLE}={host.version}"])


def _download(version: str, name: str) -> Path:
    architecture = _ARCHITECTURES.get(platform.machine())
    if architecture is None:
        message = f"no official Pulumi for {platform.machine()}"
        raise net.UnreachableError(message)
    archive = f"pulumi-v{version}-linux-{architecture}.tar.gz"
    sums = net.fetch_text(f"{_RELEASES}/pulumi-{version}-checksums.txt")

    def fill(target: Path) -> None:
        with (
            step(f"download {archive}", expect="a minute"),
            tempfile.TemporaryDirectory() as work,
            heartbeat(lambda: f"{_size(Path(work) / archive) >> 20} MiB"),
        ):
            file = Path(work) / archive
            net.fetch_file(f"{_RELEASES}/{archive}", file)
            check_sum(file, sums)
            run(["tar", "--extract", "--gzip", "--strip-components=1", f"--file={file}", f"--directory={target}"])

    return cache.entry(name, fill)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def check_sum(file: Path, sums: str) -> None:
    """Raise ToolError unless `sums` (lines of `sha256  name`) has the SHA-256 of the file under the file's name."""
    with file.open("rb") as content:
        actual = hashlib.file_digest(content, "sha256").hexdigest()
    expected = {fields[1].lstrip("*"): fields[0] for line in sums.splitlines() if len(fields := line.split()) == 2}
    if expected.get(file.name) != actual:
        message = f"{file.name} has SHA-256 {actual}, the release says {expected.get(file.name, 'nothing')}: not used"
        raise ToolError(message)


def _build(version: str, name: str) -> Path:
    (cli_pin, cli_flags), (host_pin, host_flags) = _builds(version)
    cli = gobuild.build(cli_pin, ldflags=cli_flags, expect="about 5 min on two cores, once")
    host = gobuild.build(host_pin, ldflags=host_flags, expect="under a minute, once")
    # The host runs this script with the program's Python, whose SDK has the version of the CLI, not of the host.
    sdk = gobuild.download("github.com/pulumi/pulumi/sdk/v3", f"v{version}")
    script = Path(sdk["Dir"]) / f"python/cmd/{_HOST}-exec"

    def fill(target: Path) -> None:
        # Hard links, because the host looks for the script beside its own executable after it resolves symbolic links.
        os.link(cli / "pulumi", target / "pulumi")
        os.link(host / _HOST, target / _HOST)
        shutil.copyfile(script, target / script.name)
        (target / script.name).chmod(0o755)

    return cache.entry(name, fill)

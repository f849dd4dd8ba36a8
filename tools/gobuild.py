"""Builds of programs from Go modules at pinned versions, kept in the cache.

A small wrapper module requires the module, because `go install module@version` refuses modules with replace directives.
The wrapper has the go version of the module, which also decides the compatibility settings of the runtime (GODEBUG).
Binaries are static and stripped, and built without cgo unless a program needs it.
"""

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools import cache
from tools.errors import ToolError
from tools.pins import GoPin, pins
from tools.progress import run, step

# Version control stamps would make binaries depend on the state of a checkout, and need a git that trusts it.
_FLAGS = ("-v", "-trimpath", "-buildvcs=false")
# Without inlining and debug information, large programs build in two thirds of the time.
_QUICK = (*_FLAGS, "-gcflags=all=-l -dwarf=false")


def binary(name: str) -> Path:
    """Return the program `name` of the pin with the same name in `pins.toml`, built if the cache does not have it."""
    return build(pins().go[name]) / name


def build(
    pin: GoPin, *, ldflags: Sequence[str] = (), cgo_tags: Sequence[str] = (), expect: str = "a minute or two"
) -> Path:
    """Return the directory of the pin's programs, built if the cache does not have it. Raises ToolError on failure.

    With `cgo_tags`, the build uses cgo, these build tags and a C compiler, and links statically.
    """

    def fill(target: Path) -> None:
        with step(f"build {', '.join(pin.binaries)} {pin.version} from Go modules", expect=expect):
            _build(pin, ldflags, cgo_tags, target)

    return cache.entry(entry_name(pin, ldflags, cgo_tags), fill)


def entry_name(pin: GoPin, ldflags: Sequence[str] = (), cgo_tags: Sequence[str] = ()) -> str:
    """Return the name of a build's cache entry, derived from all of its inputs except the Go toolchain."""
    maps = [repr(sorted(values.items())) for values in (pin.binaries, pin.requires, pin.replace)]
    maps += [repr(sorted((file, sorted(texts.items())) for file, texts in pin.edits.items()))] if pin.edits else []
    cgo = ["cgo", *cgo_tags] if cgo_tags else []
    quick = ["quick"] if pin.quick else []
    key = cache.digest(pin.module, pin.sum, *maps, *ldflags, *cgo, *quick)
    return f"go/{pin.name}-{pin.version}-{platform.machine()}-{key}"


def build_local(source_dir: Path, name: str, *, quick: bool = False, expect: str = "seconds") -> Path:
    """Return the program `name`, built from a Go module of this tree; `quick` is that of GoPin."""
    flags = [*(_QUICK if quick else _FLAGS), "-ldflags=-s -w"]

    def fill(target: Path) -> None:
        with step(f"build {name} from {source_dir.name}/", expect=expect):
            _go(["build", *flags, f"-o={target / name}", "."], cwd=source_dir)

    key = f"{name}-{platform.machine()}-{cache.digest_tree(source_dir)}{'-quick' if quick else ''}"
    return cache.entry(f"go/{key}", fill) / name


def download(module: str, version: str) -> Mapping[str, str]:
    """Download a module; return the output of `go mod download -json`: Dir, Zip, GoMod, Sum and others."""
    done = _query("mod", "download", "-json", f"{module}@{version}")
    return {key: value for key, value in done.items() if isinstance(value, str)}


def module_file(path: Path) -> Mapping[str, object]:
    """Return the content of a go.mod file, as `go mod edit -json` prints it."""
    return _query("mod", "edit", "-json", str(path))


def _build(pin: GoPin, ldflags: Sequence[str], cgo_tags: Sequence[str], target: Path) -> None:
    wrapper = target / ".wrapper"
    wrapper.mkdir()
    fetched = download(pin.module, pin.version)
    own = module_file(Path(fetched["GoMod"]))
    required = {pin.module: pin.version, **pin.requires}
    lines = [f"module wrapper/{pin.name}", f"go {own['Go']}"]
    lines += [f"require {path} {version}" for path, version in required.items()]
    lines += [f"replace {path} => {substitute}" for path, substitute in sorted(pin.replace.items())]
    if pin.edits:
        _edit(pin, fetched, wrapper / "edited")
        lines.append(f"replace {pin.module} => ./edited")
    (wrapper / "go.mod").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if pin.sum:
        (wrapper / "go.sum").write_text(f"{pin.module} {pin.version} {pin.sum}\n", encoding="utf-8")
    static = ["-linkmode=external", "-extldflags=-static"] if cgo_tags else []
    flags = ["-mod=mod", *(_QUICK if pin.quick else _FLAGS), f"-ldflags={' '.join(['-s', '-w', *static, *ldflags])}"]
    flags += [f"-tags={','.join(cgo_tags)}"] if cgo_tags else []
    _go(["build", *flags, f"-o={target}/", *pin.binaries.values()], cwd=wrapper, cgo=bool(cgo_tags))
    for name, package in pin.binaries.items():
        (target / _default_name(package)).rename(target / name)
    shutil.rmtree(wrapper)


def _edit(pin: GoPin, fetched: Mapping[str, str], target: Path) -> None:
    """Copy a module and apply the pin's edits. Go does not verify the sum of a directory, so this function does."""
    if pin.sum and fetched["Sum"] != pin.sum:
        message = f"{pin.module} {pin.version} differs from the pin: its sum is {fetched['Sum']}, not {pin.sum}"
        raise ToolError(message)
    shutil.copytree(fetched["Dir"], target, copy_function=shutil.copyfile)
    for directory in (target, *(path for path in target.rglob("*") if path.is_dir())):
        directory.chmod(0o755)  # files in Go's cache are read-only
    for name, texts in pin.edits.items():
        file = target / name
        source = file.read_text(encoding="utf-8")
        for old, new in texts.items():
            if source.count(old) != 1:
                message = f"{pin.module} {pin.version}: {name} has this text {source.count(old)} times, not once: {old}"
                raise ToolError(message)
            source = source.replace(old, new)
        file.write_text(source, encoding="utf-8")


def _default_name(package: str) -> str:
    """Return the file name of a program: the last element of its import path, except a major version."""
    *_, parent, last = ["", *package.split("/")]
    return parent if re.fullmatch(r"v[0-9]+", last) else last


def _go(arguments: Sequence[str], *, cwd: Path, cgo: bool = False) -> None:
    def describe(count: int, last: str) -> str:
        return last if last.startswith("go: ") else f"{count} packages, last {last}"

    run([_go_program(), *arguments], cwd=cwd, env=_environment(cgo=cgo), describe=describe)


def _query(*arguments: str) -> dict[str, object]:
    done = subprocess.run([_go_program(), *arguments], capture_output=True, text=True, check=False, env=_environment())
    if done.returncode != 0:
        message = f"go {' '.join(arguments)} failed: {done.stderr.strip() or done.stdout.strip()}"
        raise ToolError(message)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def _go_program() -> str:
    if program := shutil.which("go"):
        return program
    message = "Go is needed to build programs from modules: put a go (1.25 or newer) on PATH"
    raise ToolError(message)


def _environment(*, cgo: bool = False) -> dict[str, str]:
    # The compiler collects garbage less often than by default, which saves a tenth of the time.
    return {"GOGC": "400", **os.environ, "CGO_ENABLED": "1" if cgo else "0", "GOWORK": "off"}

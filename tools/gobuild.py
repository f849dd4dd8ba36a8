"""Programs built from Go modules at pinned versions, kept in the cache.

A module is required by a small wrapper module made for it, because `go install module@version` refuses modules with
replace directives. The wrapper takes the module's own go version, which also decides the run time's compatibility
settings (GODEBUG). Binaries are static and stripped, without cgo unless a program cannot do without.
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

# No version control stamps: they would make a binary depend on the state of a checkout, and need a git that trusts it.
_FLAGS = ("-v", "-trimpath", "-buildvcs=false")
# Without inlining and debug information large programs are built in two thirds of the time.
_QUICK = (*_FLAGS, "-gcflags=all=-l -dwarf=false")


def binary(name: str) -> Path:
    """Return the program `name`, built when it is not there yet, of the pin with the same name in `pins.toml`."""
    return build(pins().go[name]) / name


def build(
    pin: GoPin, *, ldflags: Sequence[str] = (), cgo_tags: Sequence[str] = (), expect: str = "a minute or two"
) -> Path:
    """Return the directory of the pin's programs, built when they are not there yet. Raises ToolError if that fails.

    With `cgo_tags` they are built with cgo, those build tags and a C compiler, and linked statically.
    """

    def fill(target: Path) -> None:
        with step(f"build {', '.join(pin.binaries)} {pin.version} from Go modules", expect=expect):
            _build(pin, ldflags, cgo_tags, target)

    return cache.entry(entry_name(pin, ldflags, cgo_tags), fill)


def entry_name(pin: GoPin, ldflags: Sequence[str] = (), cgo_tags: Sequence[str] = ()) -> str:
    """Name the cache entry of a build by all that goes into it, the Go toolchain left out."""
    maps = [repr(sorted(values.items())) for values in (pin.binaries, pin.requires, pin.replace)]
    maps += [repr(sorted((file, sorted(texts.items())) for file, texts in pin.edits.items()))] if pin.edits else []
    cgo = ["cgo", *cgo_tags] if cgo_tags else []
    quick = ["quick"] if pin.quick else []
    key = cache.digest(pin.module, pin.sum, *maps, *ldflags, *cgo, *quick)
    return f"go/{pin.name}-{pin.version}-{platform.machine()}-{key}"


def build_local(source_dir: Path, name: str, *, quick: bool = False, expect: str = "seconds") -> Path:
    """Return the program `name` built from Go source of our own tree (it has a go.mod); `quick` as in GoPin."""
    flags = [*(_QUICK if quick else _FLAGS), "-ldflags=-s -w"]

    def fill(target: Path) -> None:
        with step(f"build {name} from {source_dir.name}/", expect=expect):
            _go(["build", *flags, f"-o={target / name}", "."], cwd=source_dir)

    key = f"{name}-{platform.machine()}-{cache.digest_tree(source_dir)}{'-quick' if quick else ''}"
    return cache.entry(f"go/{key}", fill) / name


def download(module: str, version: str) -> Mapping[str, str]:
    """Have go fetch a module; return what `go mod download -json` says: Dir, Zip, GoMod, Sum and others."""
    done = _query("mod", "download", "-json", f"{module}@{version}")
    return {key: value for key, value in done.items() if isinstance(value, str)}


def module_file(path: Path) -> Mapping[str, object]:
    """Return a go.mod file as `go mod edit -json` shows it."""
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
    """Copy a module and make the pin's edits in it. Go holds no sum against a directory, so that is done here."""
    if pin.sum and fetched["Sum"] != pin.sum:
        message = f"{pin.module} {pin.version} is not the pinned one: its sum is {fetched['Sum']}, not {pin.sum}"
        raise ToolError(message)
    shutil.copytree(fetched["Dir"], target, copy_function=shutil.copyfile)
    for directory in (target, *(path for path in target.rglob("*") if path.is_dir())):
        directory.chmod(0o755)  # in Go's cache nothing can be written
    for name, texts in pin.edits.items():
        file = target / name
        source = file.read_text(encoding="utf-8")
        for old, new in texts.items():
            if source.count(old) != 1:
                message = f"{pin.module} {pin.version}: {name} has {source.count(old)} times, not once: {old}"
                raise ToolError(message)
            source = source.replace(old, new)
        file.write_text(source, encoding="utf-8")


def _default_name(package: str) -> str:
    """Return the file name that go gives a program: the import path's last element that is no major version."""
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
    if found := shutil.which("go"):
        return found
    message = "Go is needed to build programs from modules: put a go (1.25 or newer) on PATH"
    raise ToolError(message)


def _environment(*, cgo: bool = False) -> dict[str, str]:
    # The compiler collects garbage less often than by default: a tenth of its time.
    return {"GOGC": "400", **os.environ, "CGO_ENABLED": "1" if cgo else "0", "GOWORK": "off"}

from pathlib import Path

import pytest

from tests.tools.scripts import Script
from tools import gobuild
from tools.errors import ToolError
from tools.pins import GoPin

# Answers like go: `mod download -json`, `mod edit -json FILE`, `build ... -o=DIRECTORY/ PACKAGE...`.
GO = """
log=$0.log
case "$1 $2" in
"mod download") echo '{"Dir": "/module", "GoMod": "/module/go.mod", "Sum": "h1:x", "Origin": {"VCS": "git"}}' ;;
"mod edit") echo '{"Go": "1.24.3"}' ;;
build*)
    { echo "$CGO_ENABLED $GOWORK $*"; cat go.mod; [ ! -e go.sum ] || cat go.sum; [ ! -e edited ] || cat edited/a/*.go; } >> "$log"
    for argument; do
        case $argument in
        -o=*/) out=${argument#-o=} ;;
        -o=*) echo built > "${argument#-o=}" ;;
        example.test/broken) echo "broken.go:1: mistake"; exit 1 ;;
        example.test/*/v2) echo program > "${out}tool" ;;
        example.test/*) echo program > "$out${argument##*/}" ;;
        esac
    done ;;
esac
"""
TOOL = GoPin(
    name="tool",
    module="example.test/tool/v2",
    version="v2.1.0",
    binaries={"renamed": "example.test/tool/v2", "other": "example.test/more/other"},
    sum="h1:abc=",
    requires={"example.test/more": "v1.0.0"},
    replace={"example.test/a": "example.test/b v0.3.0"},
)


@pytest.fixture
def go_log(program: Script, bin_directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    go = program("go", GO)
    monkeypatch.setenv("PATH", f"{bin_directory}:/usr/bin:/bin")
    return go.with_name("go.log")


def test_a_module_is_required_by_a_wrapper_that_pins_everything(go_log: Path) -> None:
    directory = gobuild.build(TOOL, ldflags=["-X a=b"])
    command, *files = go_log.read_text(encoding="utf-8").splitlines()
    assert command.startswith("0 off build -mod=mod -v -trimpath -buildvcs=false -ldflags=-s -w -X a=b -o=")
    assert command.endswith("/ example.test/tool/v2 example.test/more/other")
    assert files == [
        "module wrapper/tool",
        "go 1.24.3",
        "require example.test/tool/v2 v2.1.0",
        "require example.test/more v1.0.0",
        "replace example.test/a => example.test/b v0.3.0",
        "example.test/tool/v2 v2.1.0 h1:abc=",
    ]
    assert sorted(path.name for path in directory.iterdir()) == ["other", "renamed"]


def test_a_quick_build_leaves_optimisation_out(go_log: Path) -> None:
    gobuild.build(GoPin(**{**TOOL.__dict__, "quick": True}))
    command = go_log.read_text(encoding="utf-8").splitlines()[0]
    assert command.startswith(
        "0 off build -mod=mod -v -trimpath -buildvcs=false -gcflags=all=-l -dwarf=false -ldflags="
    )


def test_a_program_that_needs_cgo_gets_it_and_is_linked_statically(go_log: Path) -> None:
    gobuild.build(TOOL, cgo_tags=["seccomp", "netgo"])
    command = go_log.read_text(encoding="utf-8").splitlines()[0]
    assert command.startswith("1 off build ")
    assert " -ldflags=-s -w -linkmode=external -extldflags=-static -tags=seccomp,netgo -o=" in command


@pytest.fixture
def edited(program: Script, bin_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoPin:
    """A module whose source is there, with something wrong in it."""
    directory = tmp_path / "module" / "a"
    directory.mkdir(parents=True)
    (directory / "wrong.go").write_text("wrong and right", encoding="utf-8")
    directory.chmod(0o555)
    program("go", GO.replace('"/module"', f'"{tmp_path}/module"'))
    monkeypatch.setenv("PATH", f"{bin_directory}:/usr/bin:/bin")
    return GoPin(**{**TOOL.__dict__, "sum": "h1:x", "edits": {"a/wrong.go": {"wrong and": "right and"}}})


def test_a_module_with_a_mistake_is_built_from_a_copy_without_it(edited: GoPin, bin_directory: Path) -> None:
    directory = gobuild.build(edited)
    log = (bin_directory / "go.log").read_text(encoding="utf-8")
    assert "replace example.test/tool/v2 => ./edited\n" in log
    assert log.endswith("right and right")
    assert sorted(path.name for path in directory.iterdir()) == ["other", "renamed"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sum": "h1:other"}, r"differs from the pin: its sum is h1:x, not h1:other"),
        ({"edits": {"a/wrong.go": {"mistake": ""}}}, r"a/wrong\.go has this text 0 times, not once: mistake"),
        ({"edits": {"a/wrong.go": {"r": ""}}}, r"a/wrong\.go has this text 2 times, not once: r"),
    ],
)
def test_an_edit_of_another_source_than_it_was_made_for_is_refused(
    edited: GoPin, change: dict[str, object], told: str
) -> None:
    with pytest.raises(ToolError, match=told):
        gobuild.build(GoPin(**{**edited.__dict__, **change}))


def test_what_is_built_is_not_built_again(go_log: Path) -> None:
    assert gobuild.build(TOOL) == gobuild.build(TOOL)
    assert go_log.read_text(encoding="utf-8").count("-mod=mod") == 1


def test_each_way_to_build_has_its_own_place() -> None:
    names = {
        gobuild.entry_name(TOOL),
        gobuild.entry_name(TOOL, ["-X a=b"]),
        gobuild.entry_name(TOOL, cgo_tags=["seccomp"]),
        gobuild.entry_name(GoPin(**{**TOOL.__dict__, "version": "v2.1.1"})),
        gobuild.entry_name(GoPin(**{**TOOL.__dict__, "sum": ""})),
        gobuild.entry_name(GoPin(**{**TOOL.__dict__, "replace": {}})),
        gobuild.entry_name(GoPin(**{**TOOL.__dict__, "requires": {}})),
        gobuild.entry_name(GoPin(**{**TOOL.__dict__, "edits": {"a.go": {"old": "new"}}})),
        gobuild.entry_name(GoPin(**{**TOOL.__dict__, "edits": {"a.go": {"old": "newer"}}})),
        gobuild.entry_name(GoPin(**{**TOOL.__dict__, "quick": True})),
    }
    assert len(names) == 10


@pytest.mark.usefixtures("go_log")
def test_a_build_that_fails_says_why_and_leaves_nothing(cache_in_tmp: Path) -> None:
    broken = GoPin(name="b", module="example.test/b", version="v1.0.0", binaries={"b": "example.test/broken"})
    with pytest.raises(ToolError, match=r"(?s)exit code 1.*broken\.go:1: mistake"):
        gobuild.build(broken)
    assert list((cache_in_tmp / "go").iterdir()) == []


def test_source_of_our_own_is_built_again_when_it_changes(go_log: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "go.mod").write_text("module a\n", encoding="utf-8")
    (source / "main.go").write_text("package main\n", encoding="utf-8")
    first = gobuild.build_local(source, "mine")
    assert (first.name, gobuild.build_local(source, "mine")) == ("mine", first)
    (source / "main.go").write_text("package main // changed\n", encoding="utf-8")
    assert gobuild.build_local(source, "mine") != first
    assert go_log.read_text(encoding="utf-8").count(" build ") == 2


def test_without_go_one_message_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"^Go is needed to build programs from modules"):
        gobuild.build(TOOL)

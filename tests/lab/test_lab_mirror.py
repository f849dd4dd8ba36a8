"""The lab's own mirror directory, on files that stand for Kubernetes: what readers find in it at any time."""

import subprocess
from pathlib import Path

import pytest

from lab import mirror
from lab.errors import LabError
from lab.layout import TREE, Layout
from lab.record import Record


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Layout("m")


def entry(directory: Path, version: str, content: str = "x", extra: str = "kubeadm") -> Path:
    """Return a mirror directory as the cache has it."""
    for name in (f"v{version}/{extra}", f"v{version}/images/etcd.tar", "cni/bridge"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(f"{content} {name}", encoding="utf-8")
    names = sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())
    sums = subprocess.run(["sha256sum", *names], cwd=directory, capture_output=True, check=True)
    (directory / "SHA256SUMS").write_bytes(sums.stdout)
    return directory


def verified(directory: Path) -> set[str]:
    """Return the files that SHA256SUMS lists, all of which must be as it says; no other file may be there."""
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=directory, capture_output=True, text=True, check=True
    )
    listed = {line.removesuffix(": OK") for line in done.stdout.splitlines()}
    assert {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()} == {
        *listed,
        "SHA256SUMS",
    }
    return listed


def test_two_versions_lie_side_by_side(layout: Layout, tmp_path: Path) -> None:
    mirror.add(layout, entry(tmp_path / "a", "1.35.4"))
    directory = layout.mirror.stat().st_ino
    mirror.add(layout, entry(tmp_path / "b", "1.35.3"))
    names = {f"v{version}/{name}" for version in ("1.35.3", "1.35.4") for name in ("kubeadm", "images/etcd.tar")}
    assert verified(layout.mirror) == {"cni/bridge", *names}
    assert layout.mirror.stat().st_ino == directory  # hosts have the directory: another one they would not see


def test_files_are_those_of_the_cache(layout: Layout, tmp_path: Path) -> None:
    source = entry(tmp_path / "a", "1.35.4")
    mirror.add(layout, source)
    assert (layout.mirror / "v1.35.4/kubeadm").samefile(source / "v1.35.4/kubeadm")


def test_a_cache_on_another_file_system_is_copied_and_that_is_said(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    mirror.add(layout, entry(tmp_path / "a", "1.35.4"))
    assert "v1.35.4/kubeadm" in verified(layout.mirror)
    assert "3 files copied" in capsys.readouterr().out


def test_a_second_time_nothing_is_touched(layout: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = entry(tmp_path / "a", "1.35.4")
    mirror.add(layout, source)
    before = (layout.mirror / "SHA256SUMS").stat()
    mirror.add(layout, source)
    assert (layout.mirror / "SHA256SUMS").stat() == before
    assert capsys.readouterr().out.splitlines()[-1] == "    mirror: Kubernetes v1.35.4 is there"


def test_another_build_of_a_version_takes_its_place_whole(layout: Layout, tmp_path: Path) -> None:
    mirror.add(layout, entry(tmp_path / "a", "1.35.4", extra="dropped"))
    mirror.add(layout, entry(tmp_path / "b", "1.35.3"))
    mirror.add(layout, entry(tmp_path / "c", "1.35.4", content="new"))
    assert {name for name in verified(layout.mirror) if name.startswith("v1.35.4")} == {
        "v1.35.4/kubeadm",
        "v1.35.4/images/etcd.tar",
    }
    assert (layout.mirror / "v1.35.4/kubeadm").read_text(encoding="utf-8").startswith("new")


def test_an_interrupted_addition_lists_nothing_and_is_taken_up_again(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.add(layout, entry(tmp_path / "a", "1.35.4"))
    source = entry(tmp_path / "b", "1.35.3")
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if "images" in self.parts:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            mirror.add(layout, source)
    listed = (layout.mirror / "SHA256SUMS").read_text(encoding="utf-8")
    assert "v1.35.4" in listed
    assert "v1.35.3" not in listed
    mirror.add(layout, source)
    assert "v1.35.3/images/etcd.tar" in verified(layout.mirror)


@pytest.mark.parametrize("known", [None, Record(str(TREE), ())], ids=["down", "without"])
def test_a_lab_without_a_mirror_gets_none(layout: Layout, tmp_path: Path, known: Record | None) -> None:
    if known:
        known.write(layout)
    with pytest.raises(LabError, match="mirror: true"):
        mirror.add_to_running(layout, entry(tmp_path / "a", "1.35.4"))
    assert not layout.mirror.exists()

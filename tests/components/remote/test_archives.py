"""The revision of playbooks decides whether they run, so it depends on their content only."""

import gzip
import os
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from components.cluster.playbooks import playbook_source
from components.model.spec import Kubespray
from components.remote.archives import archive, revision


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "kubespray"
    (tree / "roles/a").mkdir(parents=True)
    (tree / "cluster.yml").write_text("- hosts: all\n", encoding="utf-8")
    (tree / "roles/a/main.yml").write_text("- debug:\n", encoding="utf-8")
    (tree / "run").write_text("#!/bin/sh\n", encoding="utf-8")
    (tree / "run").chmod(0o755)
    (tree / "link").symlink_to("roles/a")
    (tree / ".git").mkdir()
    (tree / ".git/HEAD").write_text("x", encoding="utf-8")
    return tree


def test_the_revision_does_not_depend_on_the_compressor_of_this_python(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = Kubespray(tree, "", None, tree / "roles")
    before = playbook_source(declared)
    compress = gzip.compress
    monkeypatch.setattr(gzip, "compress", lambda data, **_: compress(data, compresslevel=1, mtime=0))
    assert playbook_source(declared) == before


def test_revision_and_archive_do_not_depend_on_the_machine(tree: Path) -> None:
    before = revision(tree), archive(tree)
    os.utime(tree / "cluster.yml", (0, 0))
    (tree / "cluster.yml").chmod(0o664)
    (tree / "roles").chmod(0o775)
    (tree / "run").chmod(0o700)
    text = (tree / "roles/a/main.yml").read_bytes()
    (tree / "roles/a/main.yml").unlink()
    (tree.parent / "elsewhere").write_bytes(text)
    os.link(tree.parent / "elsewhere", tree / "roles/a/main.yml")
    (tree / ".git/HEAD").write_text("y", encoding="utf-8")
    assert (revision(tree), archive(tree)) == before


def test_hard_links_are_packed_as_separate_files(tree: Path) -> None:
    other = tree.parent / "other"
    other.mkdir()
    for name in ("a", "b"):
        (tree / name).write_text("same", encoding="utf-8")
    before = revision(tree), archive(tree)
    (tree / "b").unlink()
    os.link(tree / "a", tree / "b")
    assert (revision(tree), archive(tree)) == before
    with tarfile.open(fileobj=BytesIO(archive(tree))) as tar:
        assert tar.getmember("b").isreg()
        assert tar.getmember("link").linkname == "roles/a"
        assert tar.getmember("run").mode == 0o755
        assert ".git" not in tar.getnames()


def test_a_changed_content_name_link_or_mode_changes_the_revision(tree: Path) -> None:
    seen = {revision(tree)}

    def changed() -> str:
        new = revision(tree)
        assert new not in seen
        seen.add(new)
        return new

    (tree / "cluster.yml").write_text("- hosts: none\n", encoding="utf-8")
    changed()
    (tree / "cluster.yml").rename(tree / "other.yml")
    changed()
    (tree / "run").chmod(0o644)
    changed()
    (tree / "link").unlink()
    (tree / "link").symlink_to("roles")
    changed()

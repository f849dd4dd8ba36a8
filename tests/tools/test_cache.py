import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tools import cache, lock

TREE = Path(__file__).resolve().parents[2]


def write_file(directory: Path) -> None:
    (directory / "file").write_text("whole", encoding="utf-8")


def test_an_entry_is_made_once_and_then_found(cache_in_tmp: Path) -> None:
    calls: list[Path] = []

    def fill(directory: Path) -> None:
        calls.append(directory)
        write_file(directory)

    first = cache.entry("kind/name", fill)
    assert cache.entry("kind/name", fill) == first == cache_in_tmp / "kind/name"
    assert len(calls) == 1
    assert (first / "file").read_text(encoding="utf-8") == "whole"


def test_while_it_is_filled_an_entry_is_not_there_under_its_name(cache_in_tmp: Path) -> None:
    def fill(directory: Path) -> None:
        write_file(directory)
        assert directory.parent == cache_in_tmp / "kind"
        assert not (cache_in_tmp / "kind/name").exists()

    assert cache.entry("kind/name", fill).is_dir()


def test_a_build_that_fails_leaves_nothing_behind(cache_in_tmp: Path) -> None:
    def fill(directory: Path) -> None:
        write_file(directory)
        message = "half way"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="half way"):
        cache.entry("kind/name", fill)
    assert list((cache_in_tmp / "kind").iterdir()) == []


def test_a_build_that_was_killed_is_not_taken_for_whole_and_its_remains_go(cache_in_tmp: Path) -> None:
    killed = """
import os, signal
from tools import cache, lock
def fill(directory):
    (directory / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
cache.entry("kind/name", fill)
"""
    done = subprocess.run([sys.executable, "-c", killed], cwd=TREE, check=False)
    assert done.returncode == -9
    remains = list((cache_in_tmp / "kind").iterdir())
    assert [path.name.startswith(".unfinished-name-") for path in remains] == [True]
    made = cache.entry("kind/name", write_file)
    assert [path.name for path in made.iterdir()] == ["file"]
    assert list((cache_in_tmp / "kind").iterdir()) == [made]


def test_two_who_ask_at_once_do_the_work_once(monkeypatch: pytest.MonkeyPatch) -> None:
    started, waits, calls, said = threading.Event(), threading.Event(), [], []

    def tell(text: str, **_: object) -> None:
        said.append(text)
        waits.set()

    def fill(directory: Path) -> None:
        calls.append(directory)
        started.set()
        assert waits.wait(300), "the second caller finds it running"
        write_file(directory)

    monkeypatch.setattr(lock, "print", tell, raising=False)

    threads = [threading.Thread(target=cache.entry, args=("kind/name", fill)) for _ in range(2)]
    threads[0].start()
    assert started.wait(300)
    threads[1].start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert said == ["    waiting for another process, which makes kind/name"]


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STRETCHED_CACHE", str(tmp_path / "given"))
    assert cache.cache_dir() == tmp_path / "given"
    monkeypatch.delenv("STRETCHED_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.cache_dir() == tmp_path / "xdg/stretched-cluster"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.cache_dir() == tmp_path / ".cache/stretched-cluster"


def test_a_digest_tells_where_one_part_ends() -> None:
    assert cache.digest("ab", "c") != cache.digest("a", "bc")
    assert cache.digest("ab") == cache.digest(b"ab")


def test_a_tree_s_digest_follows_names_and_contents_only(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    file = tree / "sub/a"
    file.write_text("1", encoding="utf-8")
    before = cache.digest_tree(tree)
    file.touch()
    (tree / "__pycache__").mkdir()
    (tree / "__pycache__/a.pyc").write_text("x", encoding="utf-8")
    assert cache.digest_tree(tree) == before
    file.write_text("2", encoding="utf-8")
    changed = cache.digest_tree(tree)
    assert changed != before
    file.rename(tree / "sub/b")
    assert cache.digest_tree(tree) not in {before, changed}

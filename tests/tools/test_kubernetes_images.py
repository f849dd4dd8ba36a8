import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from lab.kubernetes import images
from lab.kubernetes.images import Image


@pytest.fixture
def program_file(tmp_path: Path) -> Path:
    file = tmp_path / "program"
    file.write_bytes(b"\x7fELF" + bytes(5000))
    file.chmod(0o700)
    return file


def image(program: Path, data: Path) -> Image:
    return Image(
        reference="registry.example/group/tool:1.2",
        entrypoint=("/bin/tool",),
        files={"/bin/tool": program, "/etc/tool/data": data},
        links={"/bin/alias": "tool"},
    )


@pytest.fixture
def archive(tmp_path: Path, program_file: Path) -> Path:
    data = tmp_path / "data"
    data.write_text("data", encoding="utf-8")
    images.write(image(program_file, data), tmp_path / "image.tar")
    return tmp_path / "image.tar"


def read(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as tar:
        file = tar.extractfile(name)
        assert file is not None
        return file.read()


def test_the_manifest_leads_to_a_configuration_and_a_layer_with_matching_digests(archive: Path) -> None:
    (manifest,) = json.loads(read(archive, "manifest.json"))
    assert manifest["RepoTags"] == ["registry.example/group/tool:1.2"]
    config = read(archive, manifest["Config"])
    assert manifest["Config"] == f"{hashlib.sha256(config).hexdigest()}.json"
    (layer,) = manifest["Layers"]
    described = json.loads(config)
    assert described["rootfs"] == {
        "type": "layers",
        "diff_ids": [f"sha256:{hashlib.sha256(read(archive, layer)).hexdigest()}"],
    }
    assert (described["os"], described["architecture"]) == ("linux", "amd64")
    assert described["config"]["Entrypoint"] == ["/bin/tool"]


def test_the_layer_holds_files_links_and_every_directory_before_its_contents(archive: Path, tmp_path: Path) -> None:
    (manifest,) = json.loads(read(archive, "manifest.json"))
    (tmp_path / "layer.tar").write_bytes(read(archive, manifest["Layers"][0]))
    with tarfile.open(tmp_path / "layer.tar") as layer:
        entries = layer.getmembers()
    names = [entry.name for entry in entries]
    assert len(names) == len(set(names))
    for entry in entries:
        parent = str(Path(entry.name).parent)
        assert parent == "." or parent in names[: names.index(entry.name)]
        assert (entry.uid, entry.gid, entry.mtime) == (0, 0, 0)
    by_name = {entry.name: entry for entry in entries}
    assert (by_name["bin/tool"].mode, by_name["bin/tool"].size) == (0o755, 5004)
    assert by_name["etc/tool/data"].mode == 0o644
    assert (by_name["bin/alias"].issym(), by_name["bin/alias"].linkname) == (True, "tool")
    assert by_name["tmp"].mode == 0o1777
    assert {"etc/passwd", "etc/group"} <= set(names)


def test_the_same_files_give_the_same_bytes_wherever_and_whenever(archive: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    program, data = elsewhere / "p", elsewhere / "d"
    data.write_text("data", encoding="utf-8")
    program.write_bytes(b"\x7fELF" + bytes(5000))
    program.chmod(0o755)
    again = image(program, data)
    swapped = Image(again.reference, again.entrypoint, dict(reversed(list(again.files.items()))), again.links)
    images.write(swapped, elsewhere / "image.tar")
    assert (elsewhere / "image.tar").read_bytes() == archive.read_bytes()


def test_another_content_gives_another_image(archive: Path, tmp_path: Path, program_file: Path) -> None:
    before = archive.read_bytes()
    (tmp_path / "data").write_text("Data", encoding="utf-8")
    images.write(image(program_file, tmp_path / "data"), archive)
    assert archive.read_bytes() != before


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path, program_file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        images.write(image(program_file, tmp_path / "nowhere"), tmp_path / "image.tar")

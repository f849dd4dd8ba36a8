import re
from pathlib import Path

from tools.pins import pins

TREE = Path(__file__).resolve().parents[2]


def test_every_go_module_is_pinned_to_one_version_and_sum() -> None:
    for pin in pins().go.values():
        assert re.fullmatch(r"v\d+\.\d+\.\d+(-\S+)?", pin.version), pin.name
        assert re.fullmatch(r"h1:[A-Za-z0-9+/]{43}=", pin.sum), pin.name
        assert pin.binaries, pin.name


def test_the_command_and_the_sdk_of_pulumi_have_one_version() -> None:
    requirements = (TREE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert f"pulumi=={pins().pulumi}" in requirements
    assert pins().go["pulumi"].version == f"v{pins().pulumi}"
    assert pins().go["pulumi"].replace["github.com/pulumi/pulumi/sdk/v3"].endswith(f" v{pins().pulumi}")


def test_plug_ins_have_the_versions_of_their_sdks() -> None:
    requirements = (TREE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for name, version in pins().pulumi_plugins.items():
        assert f"pulumi-{name}=={version}" in requirements


def test_the_default_kubernetes_is_one_whose_sum_is_known() -> None:
    assert pins().kubernetes in pins().kubernetes_sums

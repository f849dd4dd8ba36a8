"""The components as another program uses them."""

from pathlib import Path

import components
from tests.support.examples import configuration
from tests.support.program import Registered, run_program

PROGRAM = Path(__file__).with_name("two_meshes.py")
SECTIONS = ("mesh", "ssh", "kubernetes", "sites")


def two(directory: Path) -> dict[str, Registered]:
    config = {name: value for name, value in configuration().items() if name in SECTIONS}
    return run_program(config, directory, program=PROGRAM)


def test_two_meshes_live_in_one_program(tmp_path: Path) -> None:
    resources = two(tmp_path)
    of_atlas = {name.replace("atlas", "*") for name in resources if "atlas" in name}
    of_belle = {name.replace("belle", "*") for name in resources if "belle" in name}
    assert of_atlas == of_belle
    assert len(resources) == 2 * len(of_atlas), "every name begins with its mesh's, or its cluster's"


def test_every_resource_below_a_component_has_a_parent(tmp_path: Path) -> None:
    resources = two(tmp_path)
    urns = {resource.urn for resource in resources.values()}
    top = {resource.name for resource in resources.values() if resource.parent not in urns}
    assert top == {"atlas", "atlas-kubernetes", "belle", "belle-kubernetes"}


def test_the_public_face_is_typed_and_small() -> None:
    assert components.__all__ == ("Cluster", "ClusterArgs", "Declaration", "Mesh", "MeshArgs", "declare")
    assert set(components.MeshArgs.__annotations__) == {"plan", "deployer", "last", "kubernetes", "private_key"}
    assert set(components.ClusterArgs.__annotations__) == {"mesh", "change", "secret_variables"}

"""What people read before and after `pulumi up`: files below the stack's directory, and the output `readme`."""

from pathlib import Path

import pulumi

from components.mesh.measurement import Measurement
from components.mesh.mesh import Mesh
from components.model.mesh.links import Link
from components.model.mesh.routing import Routes
from components.model.report.picture.svg import picture
from components.model.report.readme import readme
from components.model.spec import Spec


def documents(mesh: Mesh, spec: Spec, routes: Routes, measurement: Measurement, work: Path) -> pulumi.Output[str]:
    """Write readme and diagram to `work`, say in a preview what they tell, and return the readme as measured now."""

    def described(links: tuple[Link, ...]) -> str:
        text = readme(spec, routes, pulumi.get_stack(), links)
        write_text(work / "readme.md", text)
        return text

    described(measurement.known)
    drawing = write_text(work / "diagram.svg", picture(spec, routes, pulumi.get_stack()))
    mesh.announce(spec, routes, work / "readme.md", drawing)
    return measurement.links.apply(described)


def write_text(target: Path, text: str) -> Path:
    """Write a file for people to read; return its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target

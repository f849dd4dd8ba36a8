"""What people read before and after `pulumi up`: files below the stack's directory, and the output `readme`."""

from pathlib import Path

import pulumi

from components.measurement import Measurement
from components.mesh import Mesh
from components.model.measurement import Link
from components.model.render.picture.svg import picture
from components.model.render.readme import readme
from components.model.routing import Routes
from components.model.spec import Spec
from components.rendered import write_text


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

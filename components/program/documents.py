"""Documents for people: files below the stack's directory, and the output `readme`."""

from pathlib import Path

import pulumi

from components.mesh.mesh import Mesh
from components.model.mesh.links import Measured
from components.model.overview import Overview
from components.model.report.picture.svg import picture
from components.model.report.readme import readme


def documents(mesh: Mesh, overview: Overview) -> pulumi.Output[str]:
    """Write readme and diagram, show tables in a preview, and return the readme, Markdown, with the measurements."""
    work = mesh.work

    def write_readme(measured: Measured) -> str:
        text = readme(overview, pulumi.get_stack(), measured)
        write_text(work / "readme.md", text)
        return text

    write_readme(mesh.measurement.known)
    diagram = write_text(work / "diagram.svg", picture(overview, pulumi.get_stack()))
    mesh.announce(overview, work / "readme.md", diagram)
    return mesh.measurement.result.apply(write_readme)


def write_text(target: Path, text: str) -> Path:
    """Write a UTF-8 file for people to read, and return its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target

"""The three resources: which command they run when, and their state."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from lab.plugins.command import preview
from lab.plugins.command.check import check, inside
from lab.plugins.command.inputs import Run, optional_text, outputs_of, run_of, text, unique_id
from lab.plugins.command.shapes import COPY_TO_REMOTE, LOCAL_COMMAND, REMOTE_COMMAND
from lab.plugins.diff import as_replacement, detailed_diff, top_level, without_internals
from lab.plugins.resource import Change, Checked, Created, Failure, Request, Resource
from lab.plugins.values import ARCHIVE, ASSET, SIGNATURE, Properties, bare, equal, plain

if TYPE_CHECKING:
    from lab.plugins.command.shapes import Shape

# The SSH library takes a quarter of a second to import and no preview needs it, so functions import it.


class Shaped(Resource):
    """A resource whose inputs are checked against a shape and compared by path."""

    shape: Shape

    def check(self, inputs: Properties) -> Checked:
        """Validate types, add the connection's defaults, and mark secrets."""
        return check(self.shape, inputs)

    def diff(self, state: Properties, old_inputs: Properties, inputs: Properties) -> Change:  # noqa: ARG002
        """Compare inputs.

        The SDK replaces the resource when an element of ``triggers`` changes, so these paths are no replacements here.
        Only the addition or removal of all triggers is one.
        """
        changes = detailed_diff(old_inputs, without_internals(inputs))
        detailed = {path: as_replacement(kind) if path == "triggers" else kind for path, kind in changes.items()}
        replaces = ("triggers",) if "triggers" in detailed else ()
        return Change(tuple(sorted({top_level(path) for path in changes})), replaces, detailed)


class Command(Shaped):
    """A resource that runs ``create``, ``update`` (by default ``create``) and ``delete``."""

    @abstractmethod
    async def run(self, request: Request, inputs: Properties, command: Run) -> Properties:
        """Run a command and return its outputs."""

    async def create(self, request: Request, inputs: Properties) -> Created:
        """Run ``create``; without it, the outputs are empty."""
        outputs: Properties = {"stdout": "", "stderr": ""}
        command = optional_text(inputs.get("create"))
        if request.preview:
            return Created(unique_id(request.name), preview.created(inputs, inputs | outputs))
        if command is not None:
            outputs = await self.run(request, inputs, run_of(command, inputs, previous={}))
        return Created(unique_id(request.name), inputs | outputs)

    async def update(self, request: Request, state: Properties, inputs: Properties) -> Properties:
        """Run ``update`` or ``create``; without both, the outputs stay."""
        outputs = outputs_of(state)
        if request.preview:
            return preview.updated(state, inputs, inputs | outputs, set(self.shape.fields))
        update = optional_text(inputs.get("update"))
        command = update if update is not None else optional_text(inputs.get("create"))
        if command is not None:
            outputs |= await self.run(request, inputs, run_of(command, inputs, previous=state))
        return inputs | outputs

    async def delete(self, request: Request, state: Properties) -> None:
        """Run ``delete``, if there is one."""
        command = optional_text(state.get("delete"))
        if command is not None:
            await self.run(request, state, run_of(command, state, previous=state))


class RemoteCommand(Command):
    """``command:remote:Command``."""

    shape = REMOTE_COMMAND

    async def run(self, request: Request, inputs: Properties, command: Run) -> Properties:
        """Run over SSH."""
        from lab.plugins.command import connection, remote  # noqa: PLC0415

        return await remote.run(connection.parse(inputs.get("connection")), command, request.log)


class LocalCommand(Command):
    """``command:local:Command``."""

    shape = LOCAL_COMMAND

    def check(self, inputs: Properties) -> Checked:
        """Check the shape, and reject outputs as assets, which only the official plug-in supports."""
        checked = super().check(inputs)
        reason = "the lab's plug-in returns no assets: only the official plug-in has this input"
        unsupported = tuple(Failure(name, reason) for name in ("archivePaths", "assetPaths") if name in inputs)
        return Checked(checked.inputs, checked.failures + unsupported)

    async def run(self, request: Request, inputs: Properties, command: Run) -> Properties:
        """Run on this machine."""
        from lab.plugins.command import local  # noqa: PLC0415

        return await local.run(inputs, command, request.log)


class CopyToRemote(Shaped):
    """``command:remote:CopyToRemote``: copies when the content or the path changes, never deletes."""

    shape = COPY_TO_REMOTE

    def check(self, inputs: Properties) -> Checked:
        """Check that the source is a file, a text or a directory, and known in previews too."""
        checked = super().check(inputs)
        source = bare(inputs.get("source"))
        if checked.failures:
            return checked
        if not isinstance(source, dict):
            return Checked(checked.inputs, (Failure("asset", "either asset or archive must be set"),))
        failures: tuple[Failure, ...] = ()
        if source.get(SIGNATURE) == ASSET and source.get("uri"):
            failures = (Failure("asset", "asset must be a path-based file asset or a text asset"),)
        if source.get(SIGNATURE) == ARCHIVE and not source.get("path"):
            failures = (Failure("archive", "archive must be a path to a file or directory"),)
        return Checked(_with_source(checked.inputs), failures)

    async def create(self, request: Request, inputs: Properties) -> Created:
        """Copy the source."""
        outputs = _with_source(inputs)
        if request.preview:
            return Created("", preview.created(inputs, outputs))
        await self._copy(request, inputs)
        return Created(unique_id(""), outputs)

    async def update(self, request: Request, state: Properties, inputs: Properties) -> Properties:
        """Copy again if the content or the path has changed; another host alone is no reason."""
        outputs = _with_source(inputs)
        if request.preview:
            return preview.updated(state, inputs, outputs, set(self.shape.fields))
        same = all(equal(plain(state.get(name)), plain(inputs.get(name))) for name in ("source", "remotePath"))
        if not same:
            await self._copy(request, inputs)
        return outputs

    async def _copy(self, request: Request, inputs: Properties) -> None:
        from lab.plugins.command import connection, copying, ssh  # noqa: PLC0415

        source = plain(inputs.get("source"))
        async with ssh.connected(connection.parse(inputs.get("connection")), request.log) as client:
            await copying.copy(client, source if isinstance(source, dict) else {}, text(inputs.get("remotePath")))


def _with_source(inputs: Properties) -> Properties:
    """Return the inputs with all fields of an asset or archive present, as the official plug-in's types write them."""
    return inputs | {"source": inside(inputs.get("source"), _all_fields)}


def _all_fields(source: Properties) -> Properties:
    empty: Properties = {"path": "", "uri": ""}
    if source.get(SIGNATURE) == ASSET:
        return empty | {"text": ""} | source
    assets = source.get("assets")
    inner = assets if isinstance(assets, dict) else {}
    return empty | source | {"assets": {name: inside(value, _all_fields) for name, value in inner.items()}}

"""The three resources: when which command runs, and what the state then holds."""

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

# The SSH library takes a quarter of a second to import, and a preview never needs it: it is imported where used.


class Shaped(Resource):
    """A resource whose inputs are checked against a shape and compared by path."""

    shape: Shape

    def check(self, inputs: Properties) -> Checked:
        """Validate types, fills in the connection's defaults, marks secrets."""
        return check(self.shape, inputs)

    def diff(self, state: Properties, old_inputs: Properties, inputs: Properties) -> Change:  # noqa: ARG002
        """Compare inputs.

        No path is marked as a replacement: it is the SDK that has a change inside ``triggers`` replace the resource.
        Only triggers that come or go as a whole are a replacement here too.
        """
        found = detailed_diff(old_inputs, without_internals(inputs))
        detailed = {path: as_replacement(kind) if path == "triggers" else kind for path, kind in found.items()}
        replaces = ("triggers",) if "triggers" in detailed else ()
        return Change(tuple(sorted({top_level(path) for path in found})), replaces, detailed)


class Command(Shaped):
    """Runs ``create``, ``update`` (or ``create``, without one) and ``delete``."""

    @abstractmethod
    async def run(self, request: Request, inputs: Properties, command: Run) -> Properties:
        """Run a command; returns its outputs."""

    async def create(self, request: Request, inputs: Properties) -> Created:
        """Without ``create``, the outputs are empty."""
        outputs: Properties = {"stdout": "", "stderr": ""}
        command = optional_text(inputs.get("create"))
        if request.preview:
            return Created(unique_id(request.name), preview.created(inputs, inputs | outputs))
        if command is not None:
            outputs = await self.run(request, inputs, run_of(command, inputs, previous={}))
        return Created(unique_id(request.name), inputs | outputs)

    async def update(self, request: Request, state: Properties, inputs: Properties) -> Properties:
        """Without a command, the outputs stay."""
        outputs = outputs_of(state)
        if request.preview:
            return preview.updated(state, inputs, inputs | outputs, set(self.shape.fields))
        update = optional_text(inputs.get("update"))
        command = update if update is not None else optional_text(inputs.get("create"))
        if command is not None:
            outputs |= await self.run(request, inputs, run_of(command, inputs, previous=state))
        return inputs | outputs

    async def delete(self, request: Request, state: Properties) -> None:
        """Without ``delete``, nothing is done on the host."""
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
        """As the shape says; outputs as assets are left to the official plug-in."""
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
        """Only a file, a text or a directory can be copied, and it has to be known in a preview too."""
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
        """Copy."""
        outputs = _with_source(inputs)
        if request.preview:
            return Created("", preview.created(inputs, outputs))
        await self._copy(request, inputs)
        return Created(unique_id(""), outputs)

    async def update(self, request: Request, state: Properties, inputs: Properties) -> Properties:
        """Copy again only when the content or the path has changed, not for another host."""
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

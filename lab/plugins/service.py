# ruff: noqa: N802 - the protocol names the methods
"""The ResourceProvider service of both plug-ins: it passes requests to resources, and returns results and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeAlias, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from lab.plugins.operations import Operations
from lab.plugins.resource import Checked, OperationError, Request, Resource
from lab.plugins.values import decode, encode

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from google.protobuf.message import Message

    from lab.plugins.engine import Engine
    from lab.plugins.values import Properties

    Context: TypeAlias = "grpc.aio.ServicerContext[Message, Message]"

T = TypeVar("T")


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """A plug-in: its resources by type token, and the answers in which the two official ones differ."""

    name: str
    version: str
    no_handshake: str
    """Message of the official plug-in, which does not implement this call."""

    def __init__(self, engine: Engine, resources: Mapping[str, Resource]) -> None:
        self.engine = engine
        self.resources = resources
        self.operations = Operations()

    async def Handshake(self, request: object, context: Context) -> NoReturn:  # noqa: ARG002
        """Decline, as the official plug-ins do; the engine then uses the older flags of Configure."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, self.no_handshake)

    async def Attach(self, request: plugin_pb2.PluginAttach, context: object) -> Empty:  # noqa: ARG002
        """Connect to the engine that debugs this process."""
        self.engine.attach(request.address)
        return Empty()

    async def GetPluginInfo(self, request: Empty, context: object) -> plugin_pb2.PluginInfo:  # noqa: ARG002
        """Return the version of the official plug-in that this one answers like."""
        return plugin_pb2.PluginInfo(version=self.version)

    async def GetSchema(self, request: object, context: object) -> provider_pb2.GetSchemaResponse:  # noqa: ARG002
        """Return name and version only: the installed SDKs have the whole schema."""
        return provider_pb2.GetSchemaResponse(schema=f'{{"name": "{self.name}", "version": "{self.version}"}}')

    async def Configure(self, request: object, context: object) -> provider_pb2.ConfigureResponse:  # noqa: ARG002
        """Log once that this is not the official plug-in."""
        await self.engine.log(
            f"{self.name}: this is the air-gapped lab's plug-in (answering like {self.version}), not the official one"
        )
        return self.capabilities()

    def capabilities(self) -> provider_pb2.ConfigureResponse:
        """Return the forms of values that the engine may send."""
        raise NotImplementedError

    async def Cancel(self, request: Empty, context: object) -> Empty:  # noqa: ARG002
        """Cancel running operations and reject later ones."""
        self.operations.cancel()
        return Empty()

    async def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        """Validate and complete a resource's inputs."""
        resource = await self._resource(request.urn, context)
        try:
            return check_response(resource.check(decode(request.news)))
        except OperationError as error:
            await fail(context, error)

    async def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        """Compare old and new inputs; ignored inputs keep their value in the state."""
        resource = await self._resource(request.urn, context)
        state, news = decode(request.olds), decode(request.news)
        news |= {key: state[key] for key in request.ignoreChanges if key in state}
        try:
            change = resource.diff(state, decode(request.old_inputs), news)
        except OperationError as error:
            await fail(context, error)
        changes = provider_pb2.DiffResponse.DIFF_SOME if change.changed else provider_pb2.DiffResponse.DIFF_NONE
        response = provider_pb2.DiffResponse(
            changes=changes,
            diffs=change.changed,
            replaces=change.replaces,
            hasDetailedDiff=change.detailed is not None,
        )
        for path, kind in (change.detailed or {}).items():
            response.detailedDiff[path].kind = provider_pb2.PropertyDiff.Kind.Value(kind)
        return response

    async def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        """Make a resource."""
        resource = await self._resource(request.urn, context)
        work = resource.create(
            Request(request.urn, self.engine.for_resource(request.urn), request.preview), decode(request.properties)
        )
        created = await self.finish(work, request.timeout, context)
        return provider_pb2.CreateResponse(id=created.id, properties=encode(created.outputs))

    async def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        """Change a resource in place."""
        resource = await self._resource(request.urn, context)
        state, news = decode(request.olds), decode(request.news)
        news |= {key: state[key] for key in request.ignoreChanges if key in state}
        work = resource.update(
            Request(request.urn, self.engine.for_resource(request.urn), request.preview), state, news
        )
        return provider_pb2.UpdateResponse(properties=encode(await self.finish(work, request.timeout, context)))

    async def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> Empty:
        """Remove a resource."""
        resource = await self._resource(request.urn, context)
        work = resource.delete(Request(request.urn, self.engine.for_resource(request.urn)), decode(request.properties))
        await self.finish(work, request.timeout, context)
        return Empty()

    async def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        """Return the given state, as the official plug-ins do: they do not look at the real resource."""
        await self._resource(request.urn, context)
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    async def Invoke(self, request: provider_pb2.InvokeRequest, context: Context) -> provider_pb2.InvokeResponse:
        """Call a function of the plug-in."""
        result = await self.finish(self.invoke(request.tok, decode(request.args)), 0, context)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(result))
        return response

    async def invoke(self, token: str, arguments: Properties) -> Properties:  # noqa: ARG002
        """Call a function; plug-ins with functions override this method."""
        message = f"the lab's plug-in {self.name} has no function {token}"
        raise OperationError(message)

    async def finish(self, work: Coroutine[object, object, T], timeout: float, context: Context) -> T:
        """Run an operation for at most ``timeout`` seconds (0: no limit); its failure ends the call."""
        try:
            return await self.operations.run(work, timeout)
        except OperationError as error:
            await fail(context, error)

    async def _resource(self, urn: str, context: Context) -> Resource:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        if token not in self.resources:
            known = ", ".join(sorted(self.resources))
            await context.abort(
                grpc.StatusCode.NOT_FOUND, f"the lab's plug-in {self.name} has no {token}, only {known}"
            )
        return self.resources[token]


def check_response(checked: Checked) -> provider_pb2.CheckResponse:
    """Return checked inputs in the form of the protocol."""
    failures = [provider_pb2.CheckFailure(property=f.property_name, reason=f.reason) for f in checked.failures]
    return provider_pb2.CheckResponse(inputs=encode(checked.inputs), failures=failures)


async def fail(context: Context, error: OperationError) -> NoReturn:
    """End the call with the error's message."""
    await context.abort(grpc.StatusCode.UNKNOWN, str(error))
    raise AssertionError from error  # abort never returns

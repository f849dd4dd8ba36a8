"""Runs the program against Pulumi's mocks and keeps what it asked the engine for."""

import asyncio
import contextlib
import json
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi.runtime.stack import wait_for_rpcs

from tests.support.examples import TREE

SECRET = "4dabf18193072939515e22adb298388d"  # the signature of special values on the wire; this one's value is below
SECRET_VALUE = "1b47061264138c4ac30d75fd1eb44270"

STACK = "urn:pulumi:stack::project::pulumi:pulumi:Stack::stack-project"
"""The parent of what has none, as the SDK's mocks make it."""

ADMIN_CONF = """
clusters: [{name: kubernetes, cluster: {server: "https://192.168.0.2:6443"}}]
users: [{name: kubernetes-admin, user: {}}]
"""


@dataclass(frozen=True)
class Registered:
    """One RegisterResource request."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, object]
    """As on the wire: secrets are in their envelopes."""
    dependencies: tuple[str, ...]
    property_dependencies: dict[str, tuple[str, ...]]
    additional_secret_outputs: tuple[str, ...]
    protect: bool
    aliases: tuple[str, ...]
    """URNs that it may have had in a stack made before; aliases of its parents are not in them."""
    on_error: tuple[str, ...]
    """Names of what is called when the operation fails."""


class _Answers(mocks.Mocks):
    def __init__(self, known: Mapping[str, object]) -> None:
        self.known = known

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, object]]:
        state: dict[str, object] = dict(args.inputs)
        if args.typ == "random:index/randomPassword:RandomPassword":
            state["result"] = f"seed-of-{args.name}".ljust(64, "x")
        if args.name.endswith("-kubeconfig"):
            state["stdout"] = ADMIN_CONF
        if args.name.endswith(("-measured", "-converged")):  # does not run again
            state["stdout"] = next(
                (self.outputs(urn).get("stdout") for urn in self.known if urn.endswith(args.name)), ""
            )
        return args.name, state

    def outputs(self, urn: str) -> Mapping[str, object]:
        """Return the outputs of a resource in the state."""
        resource = self.known[urn]
        assert isinstance(resource, dict)
        found: Mapping[str, object] = resource["outputs"]
        return found

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, object], list[tuple[str, str]]]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs", args.token
        return {"outputs": dict(self.known)}, []


class _Monitor(mocks.MockMonitor):
    def __init__(self, known: Mapping[str, object]) -> None:
        super().__init__(_Answers(known))
        self.requests: list[Registered] = []
        self.outputs: dict[str, dict[str, object]] = {}

    def _aliased(self, request: Any, alias: Any) -> str:  # protobuf's
        if alias.urn:
            return str(alias.urn)
        spec = alias.spec
        parent = STACK if spec.noParent else spec.parentUrn or request.parent
        return self.make_urn(parent, spec.type or request.type, spec.name or request.name)

    def RegisterResource(self, request):  # type: ignore[no-untyped-def] # noqa: N802, ANN - the SDK's signature
        self.requests.append(
            Registered(
                urn=self.make_urn(request.parent, request.type, request.name),
                type=request.type,
                name=request.name,
                parent=request.parent,
                custom=request.custom,
                inputs=json_format.MessageToDict(request.object),
                dependencies=tuple(request.dependencies),
                property_dependencies={k: tuple(v.urns) for k, v in request.propertyDependencies.items()},
                additional_secret_outputs=tuple(request.additionalSecretOutputs),
                protect=request.protect,
                aliases=tuple(self._aliased(request, alias) for alias in request.aliases),
                on_error=tuple(request.hooks.on_error),
            )
        )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request):  # type: ignore[no-untyped-def] # noqa: N802, ANN - the SDK's signature
        types, name = request.urn.split("::")[2:]
        self.outputs[f"{types.rpartition('$')[2]} {name}"] = json_format.MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def _registered(_: pulumi.ErrorHook) -> asyncio.Future[None]:
    """Stand in for the callback server that mocks do not have."""
    done: asyncio.Future[None] = asyncio.get_event_loop().create_future()
    done.set_result(None)
    return done


def run_program(
    config: dict[str, object],
    directory: Path,
    known: Mapping[str, object] = MappingProxyType({}),
    program: Path = TREE / "__main__.py",
) -> dict[str, Registered]:
    """Run a program with a configuration in a directory; return what it registered, by resource name and type.

    `known` is what the stack's state has: URN to `{"type": ..., "outputs": ...}`. Two resources of one type and name
    are an error, as they are for the engine.
    """
    requests = [one for one in _run(config, directory, known, program).requests if one.type != "pulumi:pulumi:Stack"]
    by_name = {f"{request.type} {request.name}": request for request in requests}
    assert len(by_name) == len(requests), "resources collide"
    return by_name


def registered_outputs(
    config: dict[str, object], directory: Path, known: Mapping[str, object]
) -> dict[str, dict[str, object]]:
    """Run `__main__.py` as `run_program` does; return what components and the stack registered as outputs, by type and name."""
    return _run(config, directory, known, TREE / "__main__.py").outputs


def _run(config: dict[str, object], directory: Path, known: Mapping[str, object], program: Path) -> _Monitor:
    asyncio.set_event_loop(asyncio.new_event_loop())
    monitor = _Monitor(known)
    pulumi.runtime.set_mocks(_Answers(known), project="stretched", stack="test", preview=False, monitor=monitor)
    pulumi.runtime.set_all_config({f"stretched:{name}": json.dumps(value) for name, value in config.items()})
    ssh = config["ssh"]
    assert isinstance(ssh, dict)
    ssh = {**ssh, "knownHostsFile": str(TREE / str(ssh["knownHostsFile"]))}
    pulumi.runtime.set_config("stretched:ssh", json.dumps(ssh))
    with contextlib.chdir(directory), patch("pulumi.resource_hooks.register_error_hook", _registered):
        try:
            runpy.run_path(str(program))
        finally:  # the next run would wait for what a failed one has begun
            asyncio.get_event_loop().run_until_complete(wait_for_rpcs())
    return monitor

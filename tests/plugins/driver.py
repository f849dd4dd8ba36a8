"""The engine's side of a plug-in, as a process of its own so that it can live in the test bed's network namespace.

Started with a plug-in's executable; reads calls as JSON lines on stdin and writes answers and log messages on stdout.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

REQUESTS = {
    "CheckConfig": provider_pb2.CheckRequest,
    "DiffConfig": provider_pb2.DiffRequest,
    "Handshake": provider_pb2.ProviderHandshakeRequest,
    "GetPluginInfo": Empty,
    "Cancel": Empty,
}
_lock = threading.Lock()


def emit(**message: object) -> None:
    with _lock:
        print(json.dumps(message), flush=True)


class Engine(engine_pb2_grpc.EngineServicer):
    def Log(self, request: engine_pb2.LogRequest, context: object) -> Empty:  # noqa: ARG002, N802 - protocol
        severity = engine_pb2.LogSeverity.Name(request.severity)
        emit(log={"severity": severity, "ephemeral": request.ephemeral, "urn": request.urn, "message": request.message})
        return Empty()


def answer(stub: provider_pb2_grpc.ResourceProviderStub, call: dict[str, Any]) -> None:
    method = call["method"]
    message = REQUESTS.get(method) or getattr(provider_pb2, f"{method}Request")
    try:
        request = json_format.ParseDict(call["request"], message())
    except json_format.ParseError as error:
        emit(id=call["id"], errors=[f"the test's request is wrong: {error}"])
        return
    try:
        response = getattr(stub, method)(request)
    except grpc.RpcError as error:
        code = error.code().name.title().replace("_", "")  # as Go prints it
        emit(id=call["id"], errors=[f"rpc error: code = {code} desc = {error.details()}"])
        return
    emit(id=call["id"], response=json_format.MessageToDict(response))


def main(executable: str) -> None:
    with ThreadPoolExecutor(128) as workers:
        server = grpc.server(workers)
        engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
        engine = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        with subprocess.Popen([executable, engine], stdout=subprocess.PIPE, text=True) as plugin:
            assert plugin.stdout is not None
            port = plugin.stdout.readline().strip()
            emit(pid=plugin.pid, port=port)
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                calls = [workers.submit(answer, stub, json.loads(line)) for line in sys.stdin]
                for call in calls:
                    call.result()
            plugin.terminate()
        server.stop(None)


if __name__ == "__main__":
    main(sys.argv[1])

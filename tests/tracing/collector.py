"""A collector that takes spans by OTLP over gRPC, in place of a real one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from harness.service import CHANNEL_OPTIONS

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class Collector:
    """The received spans."""

    def __init__(self) -> None:
        self.received: list[ResourceSpans] = []

    @property
    def names(self) -> list[str]:
        """The names of all spans."""
        return [
            span.name
            for resource in self.received
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def resource_values(self, name: str) -> set[str]:
        """Return the values of an attribute of the processes that sent spans."""
        return {
            attribute.value.string_value
            for resource in self.received
            for attribute in resource.resource.attributes
            if attribute.key == name
        }

    async def export(self, request: pb.ExportTraceServiceRequest, _context: Any) -> Any:
        """Take spans."""
        self.received.extend(request.resource_spans)
        return pb.ExportTraceServiceResponse()


@asynccontextmanager
async def running_collector(port: int) -> AsyncIterator[Collector]:
    """Run a collector on a loopback port."""
    collector = Collector()
    handler = grpc.unary_unary_rpc_method_handler(
        collector.export,
        request_deserializer=pb.ExportTraceServiceRequest.FromString,
        response_serializer=pb.ExportTraceServiceResponse.SerializeToString,
    )
    _, service, method = _EXPORT.split("/")
    server = grpc.aio.server(options=CHANNEL_OPTIONS)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield collector
    finally:
        await server.stop(None)

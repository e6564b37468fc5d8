"""Server reflection v1, and v1alpha for older clients.

The two protocols have the same messages under two package names; the grpcio package has the older
one only, so the descriptor of the newer one is derived from it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer
from grpc_reflection.v1alpha.reflection import SERVICE_NAME as V1ALPHA

from leaderboard_server.transport.listener import BidiMethod, Stream
from leaderboard_server.transport.parsing import parse
from leaderboard_server.transport.slots import Slots
from leaderboard_server.transport.statuses import StreamIdle

MAX_STREAMS = 100
"""Open streams; a tool needs one, for moments."""
IDLE_S = 30.0
"""The time after which a stream without a request is ended."""
V1 = V1ALPHA.replace("v1alpha", "v1")


def reflection(*service_names: str) -> Mapping[str, BidiMethod]:
    """Return the methods that describe these services, and reflection itself, to clients."""
    _add_v1_descriptor()
    servicer = ReflectionServicer((*service_names, V1, V1ALPHA), pool=_Pool())
    slots = Slots("reflection", MAX_STREAMS)

    async def answer(requests: AsyncIterator[bytes], stream: Stream) -> None:
        with slots:
            async for response in servicer.ServerReflectionInfo(_parsed(requests), None):
                await stream.send(response.SerializeToString())

    return {f"/{name}/ServerReflectionInfo": answer for name in (V1, V1ALPHA)}


async def _parsed(
    requests: AsyncIterator[bytes],
) -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
    """Yield the requests of a stream until its end.

    Raises:
        StreamIdle: None came for too long.
    """
    iterator = aiter(requests)
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                data = await anext(iterator)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise StreamIdle from None
        yield parse(reflection_pb2.ServerReflectionRequest, data)


class _Pool:
    """The descriptors of this process, with symbols of methods and fields."""

    def __getattr__(self, name: str) -> Any:
        return getattr(descriptor_pool.Default(), name)

    def FindFileContainingSymbol(self, symbol: str) -> Any:  # noqa: N802 - the pool's name
        """Return the file of a symbol; a method or field is in the file of its parent."""
        try:
            return descriptor_pool.Default().FindFileContainingSymbol(symbol)
        except KeyError:
            parent, _, _ = symbol.rpartition(".")
            return descriptor_pool.Default().FindFileContainingSymbol(parent)


def _add_v1_descriptor() -> None:
    file = descriptor_pb2.FileDescriptorProto.FromString(reflection_pb2.DESCRIPTOR.serialized_pb)
    file.name = file.name.replace("v1alpha", "v1")
    file.package = file.package.replace("v1alpha", "v1")
    for message in file.message_type:
        for field in (field for field in message.field if field.type_name):
            field.type_name = field.type_name.replace("v1alpha", "v1")
    for method in file.service[0].method:
        method.input_type = method.input_type.replace("v1alpha", "v1")
        method.output_type = method.output_type.replace("v1alpha", "v1")
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())

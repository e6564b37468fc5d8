"""Server reflection v1, and v1alpha for older clients.

The two protocols have the same messages under two package names; the grpcio package knows the older
name only, so the newer one is made from it.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer
from grpc_reflection.v1alpha.reflection import SERVICE_NAME as V1ALPHA

from leaderboard_server.transport.listener import BidiMethod, Send
from leaderboard_server.transport.parsing import parse

V1 = V1ALPHA.replace("v1alpha", "v1")


def reflection(*service_names: str) -> Mapping[str, BidiMethod]:
    """Return what tells clients the contract of these services and of reflection itself."""
    _describe_v1()
    servicer = ReflectionServicer((*service_names, V1, V1ALPHA), pool=_Pool())

    async def answer(requests: AsyncIterator[bytes], send: Send) -> None:
        asked = (parse(reflection_pb2.ServerReflectionRequest, data) async for data in requests)
        async for told in servicer.ServerReflectionInfo(asked, None):
            await send(told.SerializeToString())

    return {f"/{name}/ServerReflectionInfo": answer for name in (V1, V1ALPHA)}


class _Pool:
    """The descriptors of this process, which also knows where methods and fields are described."""

    def __getattr__(self, name: str) -> Any:
        return getattr(descriptor_pool.Default(), name)

    def FindFileContainingSymbol(self, symbol: str) -> Any:  # noqa: N802 - the pool's name
        """Return the file of a symbol; one without a descriptor of its own is in its parent's."""
        try:
            return descriptor_pool.Default().FindFileContainingSymbol(symbol)
        except KeyError:
            parent, _, _ = symbol.rpartition(".")
            return descriptor_pool.Default().FindFileContainingSymbol(parent)


def _describe_v1() -> None:
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

"""Health and reflection: services for load balancers, and for clients without proto files."""

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from contract.edge import ON_ONE_STORE, Edge
from harness.calls import DEADLINE_S
from harness.service import CONTEST_SERVICE_NAME, SERVICE_NAME
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_ONE_STORE]

_SERVICES = {
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    CONTEST_SERVICE_NAME,
    SERVICE_NAME,
}
_VERSIONS = ["v1", "v1alpha"]


async def _reflect(
    edge: Edge, version: str, **request: str
) -> reflection_pb2.ServerReflectionResponse:
    call = edge.service.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )(iter([reflection_pb2.ServerReflectionRequest(**request)]), timeout=DEADLINE_S)
    answer = await anext(aiter(call))
    assert isinstance(answer, reflection_pb2.ServerReflectionResponse)
    call.cancel()
    return answer


@pytest.mark.parametrize("service", ["", SERVICE_NAME, CONTEST_SERVICE_NAME])
async def test_server_and_service_have_a_health(edge: Edge, service: str) -> None:
    """The server and the service have the status SERVING."""
    health = health_pb2_grpc.HealthStub(edge.service.channel)

    answer = await health.Check(health_pb2.HealthCheckRequest(service=service), timeout=DEADLINE_S)

    assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("service", ["leaderboard.v2.LeaderboardService", "x", "x" * 10_000, "\n"])
async def test_the_health_of_another_service_is_not_found(edge: Edge, service: str) -> None:
    """The check of an unknown service gets NOT_FOUND."""
    health = health_pb2_grpc.HealthStub(edge.service.channel)

    with pytest.raises(grpc.aio.AioRpcError) as rejected:
        await health.Check(health_pb2.HealthCheckRequest(service=service), timeout=DEADLINE_S)

    assert rejected.value.code() == grpc.StatusCode.NOT_FOUND


async def test_the_health_of_all_services_is_listed(edge: Edge) -> None:
    """One response has the server, each service, and the name for liveness."""
    health = health_pb2_grpc.HealthStub(edge.service.channel)

    answer = await health.List(health_pb2.HealthListRequest(), timeout=DEADLINE_S)

    serving = health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)
    assert dict(answer.statuses) == {
        "": serving,
        SERVICE_NAME: serving,
        CONTEST_SERVICE_NAME: serving,
        "leaderboard.liveness": serving,
    }


async def test_the_health_of_another_service_can_be_watched(edge: Edge) -> None:
    """A watch of an unknown service gets SERVICE_UNKNOWN and stays open, as in the protocol."""
    health = health_pb2_grpc.HealthStub(edge.service.channel)
    watch = health.Watch(health_pb2.HealthCheckRequest(service="x"), timeout=DEADLINE_S)

    assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


@pytest.mark.parametrize("version", _VERSIONS)
async def test_reflection_lists_the_services(edge: Edge, version: str) -> None:
    """All services are listed, reflection itself in both versions."""
    answer = await _reflect(edge, version, list_services="")

    assert {service.name for service in answer.list_services_response.service} == _SERVICES


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("symbol", sorted(_SERVICES))
async def test_reflection_describes_the_services(edge: Edge, version: str, symbol: str) -> None:
    """Each listed service is described by a file that defines it."""
    answer = await _reflect(edge, version, file_containing_symbol=symbol)

    files = [
        FileDescriptorProto.FromString(data)
        for data in answer.file_descriptor_response.file_descriptor_proto
    ]
    assert symbol in {
        f"{file.package}.{service.name}" for file in files for service in file.service
    }


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize(
    "message",
    sorted((*pb.DESCRIPTOR.message_types_by_name, *contests_pb2.DESCRIPTOR.message_types_by_name)),
)
async def test_reflection_describes_the_messages(edge: Edge, version: str, message: str) -> None:
    """Each message is described by the contract of the server."""
    answer = await _reflect(edge, version, file_containing_symbol=f"leaderboard.v1.{message}")

    given = answer.file_descriptor_response.file_descriptor_proto
    files = (pb.DESCRIPTOR, contests_pb2.DESCRIPTOR)
    (file,) = (each for each in files if message in each.message_types_by_name)
    assert file.serialized_pb in given


@pytest.mark.parametrize("version", _VERSIONS)
async def test_reflection_knows_the_reasons(edge: Edge, version: str) -> None:
    """The enum of the error reasons is described too, though no message has it."""
    answer = await _reflect(edge, version, file_containing_symbol="leaderboard.v1.ErrorReason")

    assert answer.WhichOneof("message_response") == "file_descriptor_response"

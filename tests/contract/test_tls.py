"""TLS: the renewal of a server's certificate, and client certificates."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import grpc
import pytest
import pytest_asyncio

from harness.calls import add, scores
from harness.certificates import Authority
from harness.service import ServiceProcess
from harness.serving import served
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

_BAD_OPTION = 2


class _Files(NamedTuple):
    chain: Path
    key: Path
    authority: Path

    @property
    def options(self) -> tuple[str, ...]:
        return "--tls-cert", str(self.chain), "--tls-key", str(self.key)


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> _Files:
    """Return the paths of a certificate, its key and a CA certificate."""
    return _Files(tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "authority.pem")


@pytest_asyncio.fixture(name="authority")
async def _authority(files: _Files) -> AsyncIterator[Authority]:
    """Yield a CA that has written its certificate, and the certificate and key of the server."""
    authority = Authority()
    authority.write(files.chain, files.key)
    files.authority.write_bytes(authority.pem)
    yield authority


async def _is_served(service: ServiceProcess, caller: grpc.ChannelCredentials | None) -> bool:
    """Return whether a call on a new connection succeeds."""
    async with service.new_channel(caller) as channel:
        try:
            return await scores(LeaderboardServiceStub(channel), "cup") == {"ada": 5}
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE  # noqa: PT017 - either is a result
            return False


async def test_a_certificate_is_renewed_without_a_restart(
    files: _Files, authority: Authority, own_store: StoreProcess, tmp_path: Path
) -> None:
    """New connections get the new certificate, open ones stay, and broken files are ignored."""
    async with ServiceProcess(
        tmp_path / "service",
        *files.options,
        redis_url=own_store.url,
        credentials=authority.trusted(),
    ) as service:
        await add(service.stub, "cup", "ada", 5)
        assert not await _is_served(service, None)
        new = Authority()

        new.server.private_key_pem.write_to_path(files.key)

        log = service.process.log
        await eventually(lambda: '"tls_unusable"' in log.read_text(), "that it is not usable")
        assert await _is_served(service, authority.trusted())

        new.write(files.chain, files.key)

        await eventually(lambda: _is_served(service, new.trusted()), "the new certificate")
        assert not await _is_served(service, authority.trusted())
        assert await scores(service.stub, "cup") == {"ada": 5}
        assert await service.terminate() == 0
        assert "PRIVATE" not in log.read_text()


async def test_only_clients_with_a_certificate_are_served(
    files: _Files, authority: Authority, own_store: StoreProcess, tmp_path: Path
) -> None:
    """With CA certificates for clients, a client needs a certificate of one of them."""
    async with ServiceProcess(
        tmp_path / "service",
        *(*files.options, "--tls-client-ca", str(files.authority)),
        redis_url=own_store.url,
        credentials=authority.certified(),
    ) as service:
        await add(service.stub, "cup", "ada", 5)

        assert not await _is_served(service, authority.trusted())
        assert not await _is_served(service, Authority().certified(server=authority))
        assert not await _is_served(service, None)
        assert await _is_served(service, authority.certified())


async def test_a_key_of_another_certificate(
    files: _Files, authority: Authority, tmp_path: Path
) -> None:
    """The server does not start, and prints one line with the wrong options."""
    Authority().server.private_key_pem.write_to_path(files.key)

    ended = await served(tmp_path, *files.options, "--data-dir", str(tmp_path / "data"))

    assert ended.exit_code == _BAD_OPTION
    assert ended.output.splitlines() == [
        "leaderboard serve: --tls-cert and --tls-key: they don't belong together"
    ]

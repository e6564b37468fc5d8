"""The command `serve` where no line of its log can be written, or nobody reads them."""

import asyncio
import json
import os
import signal
from pathlib import Path

import grpc
import pytest

from harness.calls import add
from harness.ports import free_port
from harness.serving import serve
from harness.statuses import status_of
from harness.stores import StoreProcess
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_log_that_cannot_be_written(
    own_store: StoreProcess, tmp_path: Path, workers: str
) -> None:
    """The server starts, serves, also calls that end with a line of the log, and stops."""
    (tmp_path / "server.log").symlink_to("/dev/full")
    address = f"127.0.0.1:{free_port()}"
    options = ("--address", address, "--redis-url", own_store.url, "--workers", workers)
    server = serve(tmp_path, *options)
    try:
        async with grpc.aio.insecure_channel(address) as channel, own_store.client() as client:
            stub = LeaderboardServiceStub(channel)
            async with asyncio.timeout(30):
                await channel.channel_ready()
            await add(stub, "cup", "ada", 1)
            await client.config_set("maxmemory", 1)
            for _ in range(2):
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await add(stub, "cup", "ada", 1)
                assert status_of(refused.value).reason == "ERROR_REASON_STORE_FULL"
            await client.config_set("maxmemory", 0)
            assert (await add(stub, "cup", "ada", 1)).user.score == 2
        server.signal(signal.SIGTERM)
        await server.exited(within=20)
    finally:
        server.end()


async def test_a_log_that_nobody_reads(own_store: StoreProcess, tmp_path: Path) -> None:
    """Workers serve more calls than a pipe takes lines, stop, and have written whole lines."""
    os.mkfifo(tmp_path / "server.log")
    pipe = os.open(tmp_path / "server.log", os.O_RDWR | os.O_NONBLOCK)
    address = f"127.0.0.1:{free_port()}"
    options = ("--address", address, "--redis-url", own_store.url, "--workers", "2")
    server = serve(tmp_path, *options, "--access-log", "all")
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = LeaderboardServiceStub(channel)
            async with asyncio.timeout(30):
                await channel.channel_ready()
                for _ in range(10):
                    await asyncio.gather(*(add(stub, "cup", "ada", 1) for _ in range(100)))
        server.signal(signal.SIGTERM)
        assert await server.exited(within=20) == 0
    finally:
        server.end()
        text = os.read(pipe, 2**20).decode()
        os.close(pipe)

    lines = [json.loads(line) for line in text.splitlines()]
    calls = [line for line in lines if line["event"] == "call"]
    assert 0 < len(calls) < 1_000
    assert all(line["worker"] and line["contest_id"] == "cup" for line in calls)

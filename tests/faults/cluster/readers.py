"""Clients that read boards all the time, and check that no server goes back."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import grpc

from harness.calls import top
from harness.service import ServiceProcess
from leaderboard.v1 import leaderboard_pb2 as pb

_PAUSE_S = 0.05


class Readers:
    """
    One client for each server and contest, for as long as the block lasts.

    Each asserts at the end that its server never answered with an earlier position than before:
    within an epoch revisions only rise, and an epoch that was left never comes back.
    """

    def __init__(self, servers: Sequence[ServiceProcess], contests: Sequence[str]) -> None:
        self._servers = servers
        self._contests = contests
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._read(server, contest_id))
            for server in self._servers
            for contest_id in self._contests
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if error is None and not isinstance(result, asyncio.CancelledError):
                assert isinstance(result, BaseException)
                raise result

    async def _read(self, server: ServiceProcess, contest_id: str) -> None:
        last = pb.Position()
        left: set[str] = set()
        while True:
            try:
                now = (await top(server.stub, contest_id, limit=1)).position
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
            else:
                assert now.epoch not in left, f"{contest_id}: back from {last} to {now}"
                if now.epoch != last.epoch:
                    left.add(last.epoch)
                else:
                    assert now.revision >= last.revision, f"{contest_id}: from {last} to {now}"
                last = now
            await asyncio.sleep(_PAUSE_S)

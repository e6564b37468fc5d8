"""A cluster whose nodes reach each other through proxies, so that one can be partitioned off."""

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.ports import free_port
from harness.stores import Flavour

_CHUNK = 65_536
_SENDER = slice(40, 80)
"""Where a message of the cluster bus has the id of the node that sent it."""


class PartitionableCluster(ClusterStores):
    """A cluster of which a node can be cut off: from the other nodes, not from clients."""

    def __init__(self, flavour: Flavour, folder: Path) -> None:
        self._proxies: list[_BusProxy] = []
        super().__init__(flavour, folder)

    async def __aenter__(self) -> Self:
        for proxy in self._proxies:
            await proxy.open()
        return await super().__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await super().__aexit__(kind, error, traceback)
        for proxy in self._proxies:
            await proxy.close()

    def isolate(self, node: ClusterNodeProcess) -> None:
        """Cut all links between a node and the others until `heal`; replication goes on."""
        for other, proxy in zip(self.nodes, self._proxies, strict=True):
            proxy.refuse(None if other is node else node.node_id)

    def heal(self) -> None:
        """Let all nodes reach each other again."""
        for proxy in self._proxies:
            proxy.accept()

    def _new_node(self, number: int) -> ClusterNodeProcess:
        port = free_port()
        node = ClusterNodeProcess(
            self.flavour,
            self._folder / f"node-{number}",
            cluster_announce_bus_port=str(port),
        )
        self._proxies.append(_BusProxy(port, node.bus_port))
        node.bus_port = port
        return node


class _BusProxy:
    """A proxy in front of the bus port of one node."""

    def __init__(self, port: int, bus_port: int) -> None:
        self._port = port
        self._bus_port = bus_port
        self._listener: asyncio.Server | None = None
        self._links: dict[asyncio.Task[None], str] = {}
        """The open links, by the node that opened them."""
        self._refuses_all = False
        self._refused = ""

    async def open(self) -> None:
        self._listener = await asyncio.start_server(self._forward, "127.0.0.1", self._port)

    async def close(self) -> None:
        if self._listener:
            self._listener.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    def refuse(self, sender: str | None) -> None:
        """Cut the links from a node, or all without one, until `accept`."""
        self._refuses_all, self._refused = sender is None, sender or ""
        for link, opened_by in self._links.items():
            if self._refuses(opened_by):
                link.cancel()

    def accept(self) -> None:
        """Accept links from all nodes."""
        self._refuses_all, self._refused = False, ""

    def _refuses(self, sender: str) -> bool:
        return self._refuses_all or sender == self._refused

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readexactly(_SENDER.stop)
            sender = head[_SENDER].decode()
            if not self._refuses(sender):
                self._links[task] = sender
                await self._link(head, reader, writer)
        self._links.pop(task, None)
        writer.transport.abort()

    async def _link(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        answers, to_node = await asyncio.open_connection("127.0.0.1", self._bus_port)
        to_node.write(head)
        ways = [
            asyncio.create_task(_copy(reader, to_node)),
            asyncio.create_task(_copy(answers, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            to_node.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()

"""A cluster of scripted nodes, and what runs a script on it."""

import itertools
from collections.abc import Iterator, Sequence

from redis.crc import key_slot

from harness.uncounted import store_instruments
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.cluster.topology import SLOTS
from leaderboard_server.storage.script_runner import ScriptRunner
from leaderboard_server.storage.scripts import TOP
from storage.cluster.scripted_node import Answer, ScriptedNode
from storage.cluster.views import Member, view_text


class ScriptedCluster:
    """
    Three nodes, each of which serves a third of the slots.

    Attributes:
        nodes: The nodes.
        members: What all nodes know.
    """

    def __init__(self, nodes: Sequence[ScriptedNode]) -> None:
        self.nodes = nodes
        self.members = [
            Member(f"node-{number}", node.address, number + 1, [share(number)])
            for number, node in enumerate(nodes)
        ]
        self.spread()

    def spread(self) -> None:
        """Let all nodes know `members`."""
        for number, node in enumerate(self.nodes):
            node.view = view_text(f"node-{number}", self.members)

    def take_over(self, slots: range, taker: int, giver: int) -> None:
        """Let a node serve the slots that another one served; the nodes don't know it yet."""
        (held,) = self.members[giver].slots
        assert held.start == slots.start, "a node gives its first slots away"
        kept = range(slots.stop, held.stop)
        self.members[giver] = self.members[giver]._replace(slots=[kept] if kept else [])
        epoch = max(member.config_epoch for member in self.members) + 1
        taking = self.members[taker]
        self.members[taker] = taking._replace(config_epoch=epoch, slots=[*taking.slots, slots])

    @property
    def url(self) -> str:
        """The URL, with one seed."""
        return f"redis+cluster://{self.nodes[0].address}"


def share(number: int) -> range:
    """Return the slots of a node."""
    return range(SLOTS * number // 3, SLOTS * (number + 1) // 3)


class Caller:
    """Runs a script as the store does."""

    def __init__(self, backend: ClusterBackend) -> None:
        self._runner = ScriptRunner(backend.writes, store_instruments(), in_cluster=True)

    async def call(self, key: str) -> bytes:
        """Return the reply to a script with one key."""
        reply: bytes = await self._runner.run(TOP, lambda: (1, key), lambda reply: reply)
        return reply


def keys_of(shard: int) -> Iterator[str]:
    """Return keys in the slots of a node."""
    names = (f"key-{number}" for number in itertools.count())
    return (name for name in names if key_slot(name.encode()) in share(shard))


KEY = next(keys_of(0))
SLOT = key_slot(KEY.encode())
FIRST_KEY = next(name for name in keys_of(0) if key_slot(name.encode()) == 0)
CONTEST = KEY
"""The slot of a contest is that of its id."""


def first(*replies: bytes | None) -> Answer:
    """Return what gives these replies, and then OK."""
    left = iter(replies)
    return lambda _: next(left, b"+OK")


def redirected(kind: str, node: ScriptedNode) -> bytes:
    """Return the reply by which the slot of `KEY` is at a node."""
    return f"-{kind} {SLOT} {node.address}".encode()

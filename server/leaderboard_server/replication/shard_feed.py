"""The subscriptions at one node of a cluster, by sharded pub/sub.

They change by batches, one in flight at a time, with one command for the channels of each slot: a
node refuses a command with those of several. A batch ends with a PING, and when this is answered,
what was not confirmed before was refused. No reply has to be matched with its command, which would
be ambiguous: a node that ends a subscription, as its slot was moved, sends the same as if it was
asked to; and it answers with an error when it is asked after that.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from redis.asyncio import Redis

from leaderboard_server.replication.commit_receiver import CommitReceiver
from leaderboard_server.replication.feed_connection import Command, FeedConnection
from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.storage.cluster.connection import slot_of


class ShardFeed:
    """Delivers the messages of channels of one node. Open from `start` to `close`."""

    def __init__(
        self,
        driver: Redis,
        instruments: ReplicationInstruments,
        on_ended: Callable[[Sequence[bytes]], None],
        node_id: str,
        **logged: str,
    ) -> None:
        """Connect by `driver` to a node, and have the fields `logged` in the log.

        `on_ended` is called with channels that the node delivers no longer, or refuses to, mostly
        as another one has their slots by now. They are forgotten here.
        """
        self._instruments = instruments
        self._on_ended = on_ended
        self._suffix = f":{node_id}".encode()
        """What the names of channels end with at this node; see `publish_in_cluster.lua`."""
        self._receivers: dict[bytes, CommitReceiver] = {}
        """By the name of the channel."""
        self._subscribed: set[bytes] = set()
        """The channels that the node has confirmed and that it was not asked to end."""
        self._changed: set[bytes] = set()
        """The channels whose receivers came or went since the last batch."""
        self._unconfirmed: set[bytes] | None = None
        """The channels in the batch in flight that are not confirmed yet; None without a batch."""
        self._connection = FeedConnection(driver, self, instruments, **logged)
        self.start = self._connection.start
        self.close = self._connection.close

    @property
    def connected(self) -> bool:
        """Whether the connection is open, by the last heartbeat."""
        return self._connection.connected

    def subscribe(self, receivers: dict[bytes, CommitReceiver]) -> None:
        """Deliver the messages of channels to receivers, from their `on_subscribed` on."""
        self._receivers |= receivers
        self._changed |= receivers.keys()
        for channel in receivers.keys() & self._subscribed:
            receivers[channel].on_subscribed()  # the end of the last one was not sent yet
        self._send_changes()

    def unsubscribe(self, channels: Iterable[bytes]) -> None:
        """Stop delivering the messages of channels."""
        for channel in channels:
            del self._receivers[channel]
            self._changed.add(channel)
        self._send_changes()

    def on_open(self) -> None:
        """See `FeedObserver`."""
        self._changed = set(self._receivers)
        self._send_changes()

    def on_lost(self) -> None:
        """See `FeedObserver`."""
        self._subscribed.clear()
        self._unconfirmed = None
        for receiver in list(self._receivers.values()):
            receiver.on_connection_lost()

    def on_message(self, kind: bytes, channel: bytes, payload: Any) -> None:
        """See `FeedObserver`."""
        channel = channel.removesuffix(self._suffix)
        receiver = self._receivers.get(channel)
        if kind == b"smessage":
            if receiver:
                self._instruments.messages.add()
                receiver.on_message(payload)
        elif kind == b"ssubscribe":
            self._on_confirmed(channel, receiver)
        elif channel in self._subscribed:
            # It was not asked to.
            self._subscribed.discard(channel)
            if receiver:
                del self._receivers[channel]
                self._on_ended([channel])
                receiver.on_connection_lost()

    def _on_confirmed(self, channel: bytes, receiver: CommitReceiver | None) -> None:
        if self._unconfirmed is not None:
            self._unconfirmed.discard(channel)
        self._subscribed.add(channel)
        if receiver:
            receiver.on_subscribed()

    def _send_changes(self) -> None:
        """Send a batch with all changes, unless one is in flight, which is followed by the next."""
        if self._unconfirmed is not None or not self.connected:
            return
        changed, self._changed = self._changed, set()
        wanted = {channel for channel in changed if channel in self._receivers}
        begun, ended = wanted - self._subscribed, (changed - wanted) & self._subscribed
        if begun or ended:
            self._subscribed -= ended
            self._unconfirmed = begun
            commands = [
                *self._commands("SUNSUBSCRIBE", ended),
                *self._commands("SSUBSCRIBE", begun),
            ]
            self._connection.send(commands, self._on_executed)

    def _on_executed(self) -> None:
        refused, self._unconfirmed = self._unconfirmed or set(), None
        ended = [channel for channel in refused if self._receivers.pop(channel, None)]
        self._send_changes()
        if ended:
            self._on_ended(ended)

    def _commands(self, name: str, channels: Iterable[bytes]) -> list[Command]:
        """Return commands with the channels of one slot each."""
        of_slots = defaultdict[int, list[bytes]](list)
        for channel in channels:
            of_slots[slot_of(channel.decode())].append(channel + self._suffix)
        return [(name, *some) for some in of_slots.values()]

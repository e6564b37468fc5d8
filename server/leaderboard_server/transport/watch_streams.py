"""Sends watch messages: on the stream of one watcher, and to broadcast groups of a listener."""

from leaderboard_server.domain.errors import WatcherStalled
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import WatchMessage
from leaderboard_server.transport import responses
from leaderboard_server.transport.listener import Listener, Stream


class ListenerPublisher:
    """Publishes watch messages through a listener; implements `watch.sink.GroupPublisher`."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.close_group = listener.close_group

    def publish(self, group: str, message: WatchMessage) -> None:
        """See `watch.sink.GroupPublisher`."""
        encoded = responses.watch_message(message)
        self._listener.publish(group, encoded, message.position.revision)


class StreamSink:
    """The stream of one watcher; implements `watch.sink.WatchSink`."""

    def __init__(self, contest_id: str, stream: Stream) -> None:
        self._contest_id = contest_id
        self._stream = stream
        self._epoch = ""

    async def send(self, message: WatchMessage) -> None:
        """See `watch.sink.WatchSink`."""
        self._epoch = message.position.epoch
        try:
            await self._stream.send(responses.watch_message(message))
        except TimeoutError as error:
            raise WatcherStalled(self._contest_id, message.position) from error

    async def follow(self, group: str, revision: int) -> int:
        """See `watch.sink.WatchSink`."""
        try:
            return await self._stream.follow(group, revision)
        except TimeoutError as error:
            raise WatcherStalled(self._contest_id, Position(self._epoch, revision)) from error

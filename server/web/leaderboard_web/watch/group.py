"""A group: one watch of the service, and the WebSockets that share it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import structlog

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.watch_update import WatchUpdate
from leaderboard_server.domain.position import Position
from leaderboard_server.tasks import TaskSet
from leaderboard_web.problems import problem_of
from leaderboard_web.watch.connection import BrowserConnection
from leaderboard_web.watch.instruments import WatchInstruments
from leaderboard_web.watch.recent_messages import RecentMessages
from leaderboard_web.watch.subscription import GroupState, Subscription

LOST_AFTER_S = 0.5
"""How long the service may be away without a word: a watch that moves on to another server is back
in less."""
CONNECT_S = 3.0
"""The same for the first message."""
LINGER_S = 10.0
"""How long a group stays without subscriptions: browsers that reload a page come back."""
WRITES_PER_TURN = 250
"""Sockets that are written to in one turn of the loop, which takes 2 ms."""

_DEFECT = "the gateway failed"

_log = structlog.get_logger()


class WatchGroup:
    """The subscriptions to the first rows of a contest."""

    def __init__(
        self,
        watch: Callable[[], AsyncGenerator[WatchUpdate, None]],
        limit: int,
        instruments: WatchInstruments,
        on_end: Callable[[], None],
    ) -> None:
        """Start the watch.

        Args:
            watch: Starts a watch of the service.

            limit: The number of its rows.

            instruments: Count what is sent.

            on_end: Is called once, when the watch has ended.
        """
        self._watch = watch
        self._instruments = instruments
        self._on_end = on_end
        self._state = GroupState(RecentMessages(limit, instruments), instruments)
        self._subscriptions: dict[Subscription, None] = {}
        self._has_ended = False
        self._outages = 0
        self._tasks = TaskSet(name="fan_out")
        self._loop = asyncio.get_running_loop()
        self._outage_timer: asyncio.TimerHandle | None = None
        self._expect_message(CONNECT_S)
        self._linger_timer: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run(), name="watch_group")

    def subscribe(
        self, connection: BrowserConnection, resume_after: Position | None
    ) -> Subscription:
        """Add an accepted WebSocket, and send it its first message if that is known."""
        if self._linger_timer:
            self._linger_timer.cancel()
            self._linger_timer = None
        subscription = Subscription(self._state, connection, resume_after)
        self._subscriptions[subscription] = None
        subscription.send_next()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Remove a WebSocket that is closed."""
        subscription.end()
        self._subscriptions.pop(subscription, None)
        if not self._subscriptions and not self._has_ended:
            self._linger_timer = self._loop.call_later(LINGER_S, self._stop)

    def drain(self) -> None:
        """Send all WebSockets the last message before the gateway stops, and close them."""
        for subscription in tuple(self._subscriptions):
            subscription.drain()

    async def close(self) -> None:
        """End the watch."""
        self._stop()
        await asyncio.wait([self._task])

    def _stop(self) -> None:
        self._end()  # now: the task may take some turns of the loop
        self._task.cancel()

    def _end(self) -> None:
        if self._has_ended:
            return
        self._has_ended = True
        for timer in (self._outage_timer, self._linger_timer):
            if timer:
                timer.cancel()
        self._on_end()

    async def _run(self) -> None:
        try:
            async with aclosing(self._watch()) as updates:
                async for update in updates:
                    await self._observe(update)
        except LeaderboardError as error:
            _log.warning("watch_refused", error=str(error), code=error.code)
            self._fail(problem_of(error).detail)
        except Exception as error:  # noqa: BLE001 - its subscriptions must not wait for ever
            _log.exception("watch_failed", error=repr(error))
            self._fail(_DEFECT)
        finally:
            self._end()

    async def _observe(self, update: WatchUpdate) -> None:
        message = update.message
        if message is None or _drains(message):
            if update.trouble:
                self._expect_message(LOST_AFTER_S)
        else:
            if self._outage_timer:
                self._outage_timer.cancel()
                self._outage_timer = None
            self._state.outage = 0
        if message:
            arrived = self._loop.time()
            self._state.recent.push(update)
            await self._fan_out()
            self._instruments.fan_out.observe(self._loop.time() - arrived)

    def _expect_message(self, seconds: float) -> None:
        """Report the service as lost unless there is a message within some seconds."""
        if self._outage_timer is None and not self._state.outage:
            self._outage_timer = self._loop.call_later(seconds, self._report_outage)

    def _report_outage(self) -> None:
        self._outage_timer = None
        self._outages += 1
        self._state.outage = self._outages
        self._instruments.outages.add()
        self._tasks.start(self._fan_out())

    async def _fan_out(self) -> None:
        """Send each WebSocket what it lacks. Other tasks get turns in between."""
        for number, subscription in enumerate(tuple(self._subscriptions), 1):
            try:
                subscription.send_next()
            except Exception as error:  # noqa: BLE001 - the others must not miss the message
                _log.exception("watch_failed", error=repr(error))
                subscription.fail(_DEFECT)
            if number % WRITES_PER_TURN == 0:
                await asyncio.sleep(0)

    def _fail(self, reason: str) -> None:
        for subscription in tuple(self._subscriptions):
            subscription.fail(reason)


def _drains(message: pb.WatchContestResponse) -> bool:
    return message.HasField("end") and message.end.reason == pb.END_REASON_DRAINING

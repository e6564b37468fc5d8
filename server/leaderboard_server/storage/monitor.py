"""Monitors the store: whether it replies, and whether it is as the promises need it.

It is pinged twice a second. When it replies for the first time or again, is another one or has
another role than before, and every 30 s, it is checked: see `store_checks`. Before each check the
address is resolved again, so that another store that it leads to by now is found.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError

from leaderboard_server.storage.address_pool import AddressPool
from leaderboard_server.storage.refusals import answers_ping
from leaderboard_server.storage.store_checks import Finding, Severity, check
from leaderboard_server.storage.store_facts import StoreFacts, read_facts
from leaderboard_server.tasks import BackgroundTask

_log = structlog.get_logger()

PING_INTERVAL_S = 0.5
PING_TIMEOUT_S = 1.0
CHECK_INTERVAL_S = 30.0
"""How often the store is checked: for a setting or a right that was changed meanwhile."""


class AvailabilityCallback(Protocol):
    """Called with the state of the store."""

    async def __call__(self, *, serving: bool) -> None:
        """Handle the state: whether the store replies and can be used."""


class Monitor:
    """Watches whether the store can be used, from `start` to `close`."""

    shards = 1

    def __init__(self, redis: Redis, on_change: AvailabilityCallback) -> None:
        """Ping the store of `redis`; `on_change` is called after the first ping and each change."""
        self._redis = redis
        self._on_change = on_change
        self._checks = StoreChecks(redis)
        self.available = False
        """Whether the store replies, and passed its checks."""
        self._task = BackgroundTask(self._run, name="monitor-store")

    @property
    def available_shards(self) -> int:
        """See `StoreMonitor`."""
        return int(self.available)

    def start(self) -> None:
        """Begin to ping."""
        self._task.start()

    async def close(self) -> None:
        """Stop pinging."""
        await self._task.close()

    async def _run(self) -> None:
        reported: bool | None = None
        replied = True
        while True:
            error = await self._look()
            if error is None:
                serving = self._checks.passed
            else:
                serving = False
                self._checks.make_due()
                if replied:
                    reason = str(error) or f"no reply within {PING_TIMEOUT_S:g} s"
                    _log.warning("store_unavailable", error=type(error).__name__, reason=reason)
            replied = error is None
            if serving != reported:
                if serving and reported is not None:
                    _log.info("store_recovered")
                self.available = serving
                await self._on_change(serving=serving)
                reported = serving
            await asyncio.sleep(PING_INTERVAL_S)

    async def _look(self) -> Exception | None:
        """Ping the store and check it where that is due; return the error, None if it replied."""
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                history = await self._ping()
            if self._checks.are_due(history):
                await self._resolve_again()
                async with asyncio.timeout(PING_TIMEOUT_S):
                    await self._checks.run()
        except (RedisError, OSError) as error:
            return error
        return None

    async def _resolve_again(self) -> None:
        """Leave a store that the address has left; behind Sentinel, that happens without this.

        A store that answers is available, though no further connection to it may open, as while its
        name can't be resolved.
        """
        pool = self._redis.connection_pool
        if isinstance(pool, AddressPool):
            with contextlib.suppress(RedisError, OSError):
                async with asyncio.timeout(PING_TIMEOUT_S):
                    await pool.resolve_again()

    async def _ping(self) -> object:
        """Ping the store, and return what tells one store and role from another."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.ping()
            pipeline.info("replication")
            pong, info = await pipeline.execute(raise_on_error=False)
        if isinstance(pong, Exception) and not _is_answer(pong):
            raise pong
        return (info["role"], info["master_replid"]) if isinstance(info, dict) else None


def _is_answer(error: Exception) -> bool:
    """Return whether an error in place of the reply to PING shows that the store is there."""
    return isinstance(error, NoPermissionError) or answers_ping(error)


class StoreChecks:
    """The checks of a store, and what they found last. Each change of that is logged once."""

    def __init__(self, redis: Redis, *, node: str = "") -> None:
        """Check the store of `redis`, which may be a node of a cluster."""
        self._redis = redis
        self._in_cluster = bool(node)
        self._log = _log.bind(node=node) if node else _log
        self.facts: StoreFacts | None = None
        """What was read last, None before the first check."""
        self._findings: list[Finding] = []
        self._history: object = None
        self._due_at = 0.0

    @property
    def passed(self) -> bool:
        """Whether it was checked, and nothing was found that keeps the store from being used."""
        return self.facts is not None and all(
            finding.severity is not Severity.ERROR for finding in self._findings
        )

    def make_due(self) -> None:
        """Check the store as soon as it replies."""
        self._due_at = 0.0

    def are_due(self, history: object) -> bool:
        """Return whether to check now: it is time, or this is another history than before."""
        is_another = history != self._history
        self._history = history
        return is_another or asyncio.get_running_loop().time() >= self._due_at

    async def run(self, more: Sequence[Finding] = ()) -> None:
        """Check the store.

        Args:
            more: What was found already of it.
        """
        facts = await read_facts(self._redis, in_cluster=self._in_cluster)
        before, self._findings = self._findings, [*check(facts), *more]
        if facts != self.facts:
            self.facts = facts
            self._log_facts(facts)
        self._log_findings(before)
        # A store that can't be used is checked with each ping, so that its repair is seen at once.
        wait = CHECK_INTERVAL_S if self.passed else 0.0
        self._due_at = asyncio.get_running_loop().time() + wait

    def _log_facts(self, facts: StoreFacts) -> None:
        settings: dict[str, Any] = {
            name.replace("-", "_"): value for name, value in facts.settings if value is not None
        }
        role = {True: "primary", False: "replica", None: "unknown"}[facts.is_primary]
        self._log.info("store_checked", version=facts.version, role=role, **settings)

    def _log_findings(self, before: list[Finding]) -> None:
        for finding in self._findings:
            if finding not in before:
                entry = getattr(self._log, finding.severity)
                entry(
                    finding.event,
                    subject=finding.subject,
                    reason=finding.reason,
                    to_do=finding.to_do,
                )

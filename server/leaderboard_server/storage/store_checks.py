"""Compares the facts of a store with what the promises of the service need."""

import asyncio
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError

from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.refusals import answers_ping
from leaderboard_server.storage.store_facts import StoreFacts, read_facts

OLDEST_MAJOR_VERSION = 7
"""The first version whose scripts have flags."""
INSPECTION_TIMEOUT_S = 3.0
"""The time to connect to a store and to read its facts once; it needs milliseconds."""


class Severity(StrEnum):
    """The weight of a finding: the log level of its entry."""

    ERROR = "error"
    """The store can't be used: the server is NOT_SERVING."""
    WARNING = "warning"
    """The store works, but a promise is broken by it."""
    INFO = "info"
    """It can't be checked."""


class Finding(NamedTuple):
    """A difference between a store and what the service needs."""

    event: str
    """The event in the log."""
    severity: Severity
    subject: str
    """The part of the store, such as `role` or `setting appendfsync`."""
    reason: str
    to_do: str


class _Need(NamedTuple):
    """The value that a setting needs."""

    value: str
    promise: str
    otherwise: str
    """The consequence of another value."""
    or_less: bool = False
    """Whether smaller numbers do as well."""

    def is_met_by(self, value: str) -> bool:
        """Return whether a value does."""
        return int(value) <= int(self.value) if self.or_less else value == self.value

    def __str__(self) -> str:
        """Return the values that do."""
        return f"{self.value} or less" if self.or_less else self.value


_NEEDS = {
    "maxmemory-policy": _Need(
        "noeviction", "promises 1 to 6", "a store at its `maxmemory` may evict contests"
    ),
    "appendonly": _Need(
        "yes", "promise 9, durability", "a crash of the store loses acknowledged writes"
    ),
    "appendfsync": _Need(
        "always", "promise 9, durability", "a crash loses the acknowledged writes of some seconds"
    ),
    "no-appendfsync-on-rewrite": _Need(
        "no", "promise 9, durability", "a crash during a rewrite loses acknowledged writes"
    ),
    "cluster-require-full-coverage": _Need(
        "no", "promise 7, isolation", "all nodes refuse calls while one shard is lost"
    ),
    "cluster-allow-reads-when-down": _Need(
        "no",
        "promise 5, read your writes",
        "a master that was replaced and does not know it yet serves the board of before",
    ),
    "cluster-node-timeout": _Need(
        "15000",
        "promise 7, isolation",
        "a master that is lost is not replaced before, and its contests are refused so long",
        or_less=True,
    ),
}


async def inspect_store(url: str, password_file: Path | None = None) -> StoreFacts:
    """Connect to a store and read its facts.

    Raises:
        StoreUrlInvalid: The driver can't use the URL.

        PasswordFileUnusable: The password can't be read.

        ConnectionError: The store can't be reached, does not reply in time, or rejects the user.
    """
    driver = connect(url, password_file)
    try:
        return await inspect_node(driver)
    finally:
        await driver.aclose()


async def inspect_node(driver: Redis, *, in_cluster: bool = False) -> StoreFacts:
    """Read the facts of the store of a driver, or of a node of a cluster.

    Raises:
        ConnectionError: As `inspect_store`.
    """
    try:
        async with asyncio.timeout(INSPECTION_TIMEOUT_S):
            refuses_writes = await _refusal(driver)
            facts = await read_facts(driver, in_cluster=in_cluster)
            return facts._replace(refuses_writes=refuses_writes)
    except TimeoutError:
        raise ConnectionError(f"no reply within {INSPECTION_TIMEOUT_S:g} s") from None
    except (RedisError, OSError) as error:
        raise ConnectionError(str(error)) from error


async def _refusal(driver: Redis) -> str | None:
    """Return the reply to PING of a store that serves reads and can't save."""
    async with driver.pipeline(transaction=False) as pipeline:  # which returns refusals of a reply
        pipeline.ping()
        (pong,) = await pipeline.execute(raise_on_error=False)
    if isinstance(pong, Exception):
        if answers_ping(pong):
            return str(pong)
        if not isinstance(pong, NoPermissionError):  # a right like others, which are all checked
            raise pong
    return None


def check(facts: StoreFacts) -> list[Finding]:
    """Return what is wrong with a store, the worst first; nothing if all is well."""
    found = [*_check_role(facts), *_check_version(facts), *_check_rights(facts)]
    found += [*_check_writes(facts), *_check_settings(facts)]
    return sorted(found, key=lambda finding: list(Severity).index(finding.severity))


def _check_role(facts: StoreFacts) -> Iterator[Finding]:
    if facts.of_cluster and not facts.in_cluster:
        reason = "it is a node of a cluster, which has the contests of its own slots alone"
        to_do = "name the cluster as redis+cluster:// in --redis-url; see docs/cluster.md"
        yield Finding("store_is_cluster_node", Severity.ERROR, "role", reason, to_do)
    if facts.is_primary is None:
        reason = "its role and version can't be read: its user has no right to INFO"
        yield Finding("store_unknown", Severity.INFO, "role", reason, "ACL: +info")
    elif not facts.is_primary and not facts.in_cluster:
        reason = f"it is a replica of {facts.replica_of}, and what is written to it does not last"
        to_do = "name the primary as --redis-url, or let Sentinel name it"
        yield Finding("store_is_replica", Severity.ERROR, "role", reason, to_do)


def _check_version(facts: StoreFacts) -> Iterator[Finding]:
    if facts.major_version is not None and facts.major_version < OLDEST_MAJOR_VERSION:
        reason = f"it is {facts.version}"
        to_do = f"use Redis {OLDEST_MAJOR_VERSION}.0 or later, or Valkey"
        yield Finding("store_too_old", Severity.ERROR, "version", reason, to_do)


def _check_rights(facts: StoreFacts) -> Iterator[Finding]:
    page = "docs/cluster.md" if facts.in_cluster else "docs/operations.md"
    if facts.missing_rights is None:
        reason = "the rights of its user can't be checked"
        to_do = f"see {page} for the rights that a server needs"
        yield Finding("store_unknown", Severity.INFO, "rights", reason, to_do)
    elif facts.missing_rights:
        reason = f"its user may not run: {', '.join(facts.missing_rights)}"
        to_do = f"give the user the rights in {page} with ACL SETUSER"
        yield Finding("store_no_rights", Severity.ERROR, "rights", reason, to_do)


def _check_writes(facts: StoreFacts) -> Iterator[Finding]:
    if facts.refuses_writes:
        reason = f"it refuses them: {facts.refuses_writes}"
        to_do = "look at its disk and its log; see `save_failed` in docs/operations.md"
        yield Finding("store_refused", Severity.ERROR, "writes", reason, to_do)


def _check_settings(facts: StoreFacts) -> Iterator[Finding]:
    for name, value in facts.settings:
        need = _NEEDS.get(name)
        if need and value is not None and not need.is_met_by(value):
            reason = f"{name} is {value}, which breaks {need.promise}: {need.otherwise}"
            to_do = f"set {name} to {need}"
            yield Finding("store_setting", Severity.WARNING, f"setting {name}", reason, to_do)
    unknown = [name for name, value in facts.settings if value is None]
    if unknown:
        needed = ", ".join(f"{name} {_NEEDS[name]}" for name in unknown if name in _NEEDS)
        reason = f"settings can't be read: {', '.join(unknown)}"
        to_do = f"see to it that the store has {needed}; to have them checked, ACL: +config|get"
        yield Finding("store_unknown", Severity.INFO, "settings", reason, to_do)

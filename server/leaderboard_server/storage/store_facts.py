"""Reads what a store says of itself: role, version, settings, and the rights of the server's user.

Nothing is written. What the store's user may not read stays unknown.
"""

import json
from collections.abc import Awaitable, Mapping
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from leaderboard_server.storage import keys

SETTINGS = ("maxmemory-policy", "appendonly", "appendfsync", "no-appendfsync-on-rewrite")
"""The settings that the promises depend on."""
CLUSTER_SETTINGS = (
    *("cluster-require-full-coverage", "cluster-allow-reads-when-down", "cluster-node-timeout"),
)
"""Those that they depend on in a cluster as well."""
FAILOVER_SETTINGS = ("cluster-replica-no-failover", "min-replicas-to-write")
"""Those of a cluster by which its operator chooses between available and durable."""

_CHECK_RIGHTS = """#!lua flags=no-writes
local missing = {}
for _, command in ipairs(cjson.decode(ARGV[1])) do
  if not redis.acl_check_cmd(unpack(command)) then
    missing[#missing + 1] = table.concat(command, ' ', 1, math.min(2, #command))
  end
end
return missing
"""
"""A script that runs none of the commands that it is given: it returns those that its caller may
not run. Any user that may run scripts may run it, unlike `ACL DRYRUN`."""


class StoreFacts(NamedTuple):
    """What is known of a store."""

    version: str | None
    """Its name and version, such as `Redis 7.0.15`; None if unknown."""
    major_version: int | None
    """The major version of Redis that it is compatible with."""
    replica_of: str | None
    """HOST:PORT of its primary, if it is a replica."""
    is_primary: bool | None
    """None if unknown."""
    settings: tuple[tuple[str, str | None], ...]
    """The values of `SETTINGS`, in a cluster also of the others. None if unknown."""
    missing_rights: tuple[str, ...] | None
    """The commands that its user may not run on a contest's keys; None if unknown."""
    of_cluster: bool
    """Whether it is a node of a cluster."""
    in_cluster: bool
    """Whether it is used as a node of a cluster."""
    refuses_writes: str | None = None
    """Its reply to PING while it can't save and refuses writes. Only `inspect_store` reads it: a
    server logs refused calls."""


async def read_facts(redis: Redis, *, in_cluster: bool = False) -> StoreFacts:
    """Read the facts of a store, or of a node of a cluster.

    Raises:
        RedisError: The store does not answer, or not yet.

        OSError: The store can't be reached.
    """
    info: Mapping[str, Any] = await _permitted(redis.info()) or {}
    names = (*SETTINGS, *CLUSTER_SETTINGS, *FAILOVER_SETTINGS) if in_cluster else SETTINGS
    config: Mapping[str, str] = await _permitted(redis.config_get(*names)) or {}
    role, version = info.get("role"), info.get("redis_version")
    is_replica = role == "slave"
    values = _settings_of(info) | dict(config)
    return StoreFacts(
        version=_name_and_version(info),
        major_version=int(str(version).partition(".")[0]) if version else None,
        replica_of=f"{info.get('master_host')}:{info.get('master_port')}" if is_replica else None,
        is_primary=None if role is None else not is_replica,
        settings=tuple((name, values.get(name)) for name in names),
        missing_rights=await _missing_rights(redis, in_cluster=in_cluster),
        of_cluster=bool(info.get("cluster_enabled")),
        in_cluster=in_cluster,
    )


async def _permitted(reply: Awaitable[Any]) -> Any:
    """Return a reply, None if the store rejects the command."""
    try:
        return await reply
    except ResponseError:
        return None


def _name_and_version(info: Mapping[str, Any]) -> str | None:
    for name, field in (("Valkey", "valkey_version"), ("Redis", "redis_version")):
        if version := info.get(field):
            return f"{name} {version}"
    return None


def _settings_of(info: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that are part of INFO, which more users may read than CONFIG GET."""
    settings = {}
    if policy := info.get("maxmemory_policy"):
        settings["maxmemory-policy"] = str(policy)
    if "aof_enabled" in info:
        settings["appendonly"] = "yes" if info["aof_enabled"] else "no"
    return settings


def needed_commands(*, in_cluster: bool = False) -> list[list[str]]:
    """Return each command that a server runs, on the keys and the channel of some contest.

    And those on the registry, and those on the nodes of a cluster.
    """
    board, users, meta, log, scores, counts, hidden, seasons, _, requests, *_ = keys.of_writing(
        "check", bucket=0, season=1
    )
    kept = keys.season_board("check", 1)
    channel, registry = keys.channel("check"), keys.registry(0)
    pubsub = [["SUBSCRIBE", channel], ["UNSUBSCRIBE", channel], ["PUBLISH", channel, "-"]]
    if in_cluster:
        # Of each node it is another channel: see `publish_in_cluster.lua`.
        pubsub = [["S" + command, f"{channel}:-", *rest] for command, channel, *rest in pubsub]
        pubsub += [["CLUSTER", "NODES"], ["CLUSTER", "MYID"], ["ASKING"]]
    return [
        *pubsub,
        *(["PING"], ["CLIENT", "SETNAME", "-"], ["EVALSHA", "-", "0"], ["EVAL", "-", "0"]),
        *(["ZSCORE", board, "-"], ["ZADD", board, "0", "-"], ["ZREM", board, "-"]),
        *(["ZCARD", board], ["ZREVRANK", board, "-"], ["ZREVRANGE", board, "0", "0"]),
        *(["HMGET", users, "-"], ["HSET", users, "-", "-"], ["HMGET", meta, "-"]),
        *(["HSET", meta, "-", "-"], ["XADD", log, "*", "-", "-"], ["XRANGE", log, "-", "+"]),
        *(["XREVRANGE", log, "+", "-"], ["HMGET", requests, "-"]),
        *(["HSET", requests, "-", "-"], ["TTL", requests], ["EXPIREAT", requests, "0"]),
        *(["ZCOUNT", board, "0", "0"], ["ZCOUNT", scores, "0", "0"], ["ZADD", scores, "0", "-"]),
        *(["ZREM", scores, "-"], ["HINCRBY", counts, "-", "1"], ["HDEL", counts, "-"], ["TIME"]),
        *(["HDEL", meta, "-"], ["ZADD", registry, "0", "-"], ["ZSCORE", registry, "-"]),
        *(["ZRANGEBYLEX", registry, "(", "(-"], ["ZREM", registry, "-"], ["SCAN", "0"]),
        *(["HEXISTS", hidden, "-"], ["HLEN", hidden], ["HSCAN", hidden, "0"], ["UNLINK", board]),
        *(["RENAME", board, kept], ["COPY", hidden, kept], ["HKEYS", hidden], ["EXISTS", users]),
        *(["HLEN", seasons], ["HSET", seasons, "-", "-"], ["HDEL", seasons, "-"]),
    ]


async def _missing_rights(redis: Redis, *, in_cluster: bool) -> tuple[str, ...] | None:
    evaluate: Any = redis.eval  # the driver leaves its result without a type
    try:
        missing = await evaluate(
            _CHECK_RIGHTS, 0, json.dumps(needed_commands(in_cluster=in_cluster))
        )
    except NoPermissionError:
        return ("EVAL",)
    except ResponseError:
        return None
    return tuple(command.decode() for command in missing)

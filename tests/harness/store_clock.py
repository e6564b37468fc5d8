"""Sets the clock of a store: the time by which its contests begin, end and expire.

All scripts read the time by one Lua function, whose body this module replaces in the scripts that
servers send: they then read a key of the store. Servers keep the time of this machine.

A script of a cluster may read keys of the node that it runs on alone, so each shard has a key of
its own, and the scripts get the flag that allows them to read one of another slot.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import redis
from redis.cluster import RedisCluster

from leaderboard_server.storage import scripts
from leaderboard_server.storage.scripts import Script

KEYS = ("test:clock:{b}", "test:clock:{c}", "test:clock:{a}")
"""The keys: `=` and a time in ms that stands still, or `+` and the ms that are added to the time of
the store. Without them the time is that of the store. Their slots are in the first, the second and
the third shard of a cluster; tests that move slots leave these where they are."""

_NOW_MS = re.compile(r"(?<=local function now_ms\(\)\n).*?(?=^end\n)", re.DOTALL | re.MULTILINE)
_BODY = f"""\
  local clock
  for _, key in ipairs({{{", ".join(map(repr, KEYS))}}}) do
    clock = redis.pcall('GET', key) or '+0'
    if type(clock) == 'string' then
      break
    end
  end
  local ms = tonumber(clock:sub(2))
  if clock:sub(1, 1) == '+' then
    local time = redis.call('TIME')
    ms = ms + time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return ms
"""


def clocked_scripts() -> dict[str, object]:
    """Return the attributes of the module of scripts, with scripts that read the key."""
    clocked: dict[str, object] = {
        name: _clocked(script)
        for name, script in vars(scripts).items()
        if isinstance(script, Script)
    }
    return {**clocked, "ALL": tuple(clocked.values())}


def _clocked(script: Script) -> Script:
    source, found = _NOW_MS.subn(lambda _: _BODY, script.source)
    assert found == source.count("local function now_ms("), script.name
    flags, _, body = source.partition("\n")
    flags += ",allow-cross-slot-keys" if "flags=" in flags else " flags=allow-cross-slot-keys"
    return Script(script.name, f"{flags}\n{body}")


@contextlib.contextmanager
def store_clock_in_use() -> Iterator[None]:
    """Have the servers of this process read the key within the block."""
    before = {name: getattr(scripts, name) for name in clocked_scripts()}
    _replace(clocked_scripts())
    try:
        yield
    finally:
        _replace(before)


def _replace(attributes: dict[str, object]) -> None:
    for name, value in attributes.items():
        setattr(scripts, name, value)


class StoreClock:
    """The clock of a store. Use it as a context manager."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: redis.Redis | RedisCluster

    def __enter__(self) -> Self:
        scheme, _, seeds = self._url.partition("+cluster://")
        if seeds:
            url = f"{scheme}://{seeds.split(',')[0]}"
            self._client = RedisCluster.from_url(url, decode_responses=True)
        else:
            self._client = redis.Redis.from_url(self._url, decode_responses=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def set(self, now_ms: int) -> None:
        """Set the time, in ms since 1970; it stands still."""
        self._write(f"={now_ms}")

    def run(self) -> None:
        """Let the time go on from where it is."""
        self._write(f"+{self.read() - self._real_ms()}")

    def advance(self, ms: int) -> None:
        """Add to the time, whether it stands still or goes on."""
        clock = self._clock()
        self._write(f"{clock[0]}{int(clock[1:]) + ms}")

    def read(self) -> int:
        """Return the time of the store."""
        clock = self._clock()
        return int(clock[1:]) + (self._real_ms() if clock[0] == "+" else 0)

    def flush_store(self) -> None:
        """Delete all that the store holds, but for the clock; in a cluster node by node."""
        clock = self._clock()
        if not isinstance(self._client, RedisCluster):
            _flush(self._client, KEYS, clock)
            return
        for key in KEYS:
            _flush(_node(self._client, key), [key], clock)

    def _clock(self) -> str:
        return str(self._client.get(KEYS[0]) or "+0")

    def _write(self, clock: str) -> None:
        for key in KEYS:
            self._client.set(key, clock)

    def _real_ms(self) -> int:
        client = self._client
        if isinstance(client, RedisCluster):
            client = _node(client, KEYS[0])
        seconds, micros = client.time()
        return int(seconds) * 1_000 + int(micros) // 1_000


def _node(cluster: Any, key: str) -> redis.Redis:
    """Return the client of the node that has a key; redis-py leaves this method without types."""
    node: redis.Redis = cluster.get_node_from_key(key).redis_connection
    return node


def _flush(client: redis.Redis, keys: Sequence[str], clock: str) -> None:
    """Delete all that a node holds, but for the clock."""
    with client.pipeline() as together:
        together.flushall()
        for key in keys:
            together.set(key, clock)
        together.execute()

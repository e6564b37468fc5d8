"""Sets the clock of a store: the time by which its contests begin, end and expire.

All scripts read the time by one Lua function, whose body this module replaces in the scripts that
servers send: they then read a key of the store. Servers keep the time of this machine.
"""

import contextlib
import re
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import redis

from leaderboard_server.storage import scripts
from leaderboard_server.storage.scripts import Script

KEY = "test:clock"
"""The key: `=` and a time in ms that stands still, or `+` and the ms that are added to the time of
the store. Without it the time is that of the store."""

_NOW_MS = re.compile(r"(?<=local function now_ms\(\)\n).*?(?=^end\n)", re.DOTALL | re.MULTILINE)
_BODY = f"""\
  local clock = redis.call('GET', '{KEY}') or '+0'
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
    return Script(script.name, source)


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
        self._client = redis.Redis.from_url(url, decode_responses=True)

    def __enter__(self) -> Self:
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
        """Delete all that the store holds, but for the clock."""
        clock = self._clock()
        with self._client.pipeline() as together:
            together.flushall()
            together.set(KEY, clock)
            together.execute()

    def _clock(self) -> str:
        return str(self._client.get(KEY) or "+0")

    def _write(self, clock: str) -> None:
        self._client.set(KEY, clock)

    def _real_ms(self) -> int:
        seconds, micros = self._client.time()
        return int(seconds) * 1_000 + int(micros) // 1_000

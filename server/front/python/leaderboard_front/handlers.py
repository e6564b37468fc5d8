"""Handlers that a listener serves."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from leaderboard_front.stream import Stream

UnaryHandler: TypeAlias = Callable[[bytes], Awaitable[bytes]]
BatchHandler: TypeAlias = Callable[[Sequence[tuple[int, bytes]]], None]
StreamHandler: TypeAlias = Callable[[bytes, Stream], Awaitable[None]]
BidiHandler: TypeAlias = Callable[[AsyncIterator[bytes], Stream], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Handlers:
    """The served methods by path.

    A batch handler takes the number and the request of each call of a unary method that one turn
    of the loop brought. The calls are answered by `Listener.answer` or `fail`; an exception ends
    those that are not answered.
    """

    batched: Mapping[str, BatchHandler] = field(default_factory=dict)
    unary: Mapping[str, UnaryHandler] = field(default_factory=dict)
    stream: Mapping[str, StreamHandler] = field(default_factory=dict)
    bidi: Mapping[str, BidiHandler] = field(default_factory=dict)
    unlimited: frozenset[str] = frozenset()
    """The paths exempt from `max_calls`, `max_streams` and `max_queue`, such as health. One
    connection may have 100 such calls open."""

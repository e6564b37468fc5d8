"""Encoding once per object: the bytes are shared, and dropped with their object."""

import itertools
import tracemalloc
from collections.abc import Iterator

import pytest

from leaderboard_server.domain.board import Page, RankedUser
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import Progress, WatchMessage
from leaderboard_server.transport import responses
from leaderboard_server.transport.responses import encoded_once

MESSAGE_BYTES = 2**16
POSITION = Position("one", 1)


class Value:
    """An object to encode."""


def test_an_object_is_encoded_once() -> None:
    """All its readers get the same bytes; an equal object has bytes of its own."""
    page, equal = (Page((RankedUser("ada", 5, 1, "", 1),), 1, POSITION) for _ in range(2))
    message = WatchMessage(POSITION, 1, Progress())

    assert responses.page(page) is responses.page(page)
    assert responses.page(equal) == responses.page(page)
    assert responses.page(equal) is not responses.page(page)
    assert responses.watch_message(message) is responses.watch_message(message)


def test_bytes_are_dropped_with_their_object() -> None:
    """No later object gets these bytes, even at the same address, and no memory is kept."""
    counter = itertools.count(1)

    @encoded_once
    def encode(_value: Value) -> bytes:
        return next(counter).to_bytes(length=MESSAGE_BYTES)

    tracemalloc.start()
    encoded = [int.from_bytes(encode(Value())) for _ in range(100)]
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert encoded == list(range(1, 101))
    assert kept < 2 * MESSAGE_BYTES


def test_a_failed_encoding_is_tried_again() -> None:
    """After an error nothing is stored."""
    outcomes: Iterator[ValueError | bytes] = iter([ValueError("broken"), b"bytes"])
    value = Value()

    @encoded_once
    def encode(_value: Value) -> bytes:
        outcome = next(outcomes)
        if isinstance(outcome, ValueError):
            raise outcome
        return outcome

    with pytest.raises(ValueError, match="broken"):
        encode(value)
    assert encode(value) == b"bytes"

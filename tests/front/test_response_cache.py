"""The cache of responses in the listener."""

import asyncio

import pytest

from front.listeners import ECHO, HANG, serve


async def test_a_response_is_cached_for_exactly_its_request() -> None:
    """The same request bytes of the same method get it without Python; others go to Python."""
    async with serve() as served:
        served.front.put_response(ECHO, b"request", "contest", b"cached")
        echo = served.unary(ECHO)
        assert await echo(b"request") == b"cached"
        assert served.service.calls == 0
        assert await echo(b"request ") == b"request "
        served.service.go.set()
        assert await served.unary(HANG)(b"request") == b"request"
        assert served.service.calls == 2


async def test_an_invalidated_response_is_never_sent() -> None:
    """Calls that start after an invalidation never get the old response; other tags are kept."""
    async with serve() as served:
        echo = served.unary(ECHO)
        for number in range(300):
            served.front.put_response(ECHO, b"q", "mine", str(number).encode())
            served.front.put_response(ECHO, b"other", "other", b"stays")
            early = asyncio.ensure_future(echo(b"q"))
            await asyncio.sleep(0)
            served.front.invalidate("mine")
            assert await echo(b"q") == b"q"
            assert await early in {str(number).encode(), b"q"}
        assert await echo(b"other") == b"stays"


async def test_a_new_response_replaces_the_old() -> None:
    """Putting again replaces the response, also under another tag."""
    async with serve() as served:
        echo = served.unary(ECHO)
        for number in range(100):
            served.front.put_response(ECHO, b"q", f"tag{number % 2}", b"%d" % number)
        assert await echo(b"q") == b"99"
        served.front.invalidate("tag0")
        assert await echo(b"q") == b"99"
        served.front.invalidate("tag1")
        assert await echo(b"q") == b"q"


async def test_memory_for_responses_is_bounded() -> None:
    """A response that doesn't fit isn't cached, and its request goes to Python."""
    async with serve() as served:
        served.front.put_response(ECHO, b"q", "tag", bytes(64 * 2**20))
        assert await served.unary(ECHO)(b"q") == b"q"


async def test_a_response_of_an_unknown_method_is_a_key_error() -> None:
    """A response of a method that is not served raises KeyError."""
    async with serve() as served:
        with pytest.raises(KeyError, match="Nothing"):
            served.front.put_response("/Nothing", b"", "tag", b"")
        served.front.invalidate("nothing")

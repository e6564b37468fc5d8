"""Ready-made answers."""

import asyncio

import pytest

from front.listeners import COUNT, ECHO, HANG, serve


async def test_is_served_for_exactly_its_request() -> None:
    """The same bytes of the same method get it without Python; all else goes to Python."""
    async with serve() as served:
        assert served.front.put_answer(ECHO, b"question", "contest", b"ready")
        echo = served.unary(ECHO)
        assert await echo(b"question") == b"ready"
        assert served.service.calls == 0
        assert await echo(b"question ") == b"question "
        served.service.go.set()
        assert await served.unary(HANG)(b"question") == b"question"
        assert served.front.stats()["ready_served"] == 1


async def test_is_not_served_after_its_withdrawal() -> None:
    """Calls that begin after a withdrawal never get the old answer; other keys are left alone."""
    async with serve() as served:
        echo = served.unary(ECHO)
        for number in range(300):
            assert served.front.put_answer(ECHO, b"q", "mine", str(number).encode())
            assert served.front.put_answer(ECHO, b"other", "other", b"stays")
            early = asyncio.ensure_future(echo(b"q"))
            await asyncio.sleep(0)
            assert served.front.withdraw("mine") == 1
            assert await echo(b"q") == b"q"
            assert await early in {str(number).encode(), b"q"}
        assert await echo(b"other") == b"stays"
        assert served.front.withdraw("mine") == 0


async def test_a_new_one_takes_the_place_of_the_old() -> None:
    """Putting again replaces, also under another key, and frees the memory."""
    async with serve(max_ready_bytes=1_000) as served:
        echo = served.unary(ECHO)
        for number in range(100):
            key = f"key{number % 2}"
            assert served.front.put_answer(ECHO, b"q", key, b"%900d" % number)
        assert int(await echo(b"q")) == 99
        assert served.front.withdraw("key0") == 0
        assert served.front.withdraw("key1") == 1


async def test_memory_for_them_is_bounded() -> None:
    """What doesn't fit isn't kept, and its request goes to Python."""
    async with serve(max_ready_bytes=1_000) as served:
        assert not served.front.put_answer(ECHO, b"q", "key", bytes(1_001))
        assert await served.unary(ECHO)(b"q") == b"q"


async def test_a_method_that_is_not_there_is_a_key_error() -> None:
    """An answer for an unknown method is a mistake of the program."""
    async with serve() as served:
        with pytest.raises(KeyError, match="Nothing"):
            served.front.put_answer("/Nothing", b"", "key", b"")
        assert served.front.withdraw(COUNT) == 0

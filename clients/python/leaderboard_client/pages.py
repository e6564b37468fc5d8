"""Lists that are read page by page: a page with the call of the next one, and their iteration."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from leaderboard_client.caller import AsyncCaller, Caller
from leaderboard_client.calls import Call

DEFAULT_PAGE_SIZE = 100
"""The number of entries that are read at once by default."""

ItemT = TypeVar("ItemT")


class Page(NamedTuple, Generic[ItemT]):
    """A page of a list."""

    items: Sequence[ItemT]
    """The entries, in the order of the service."""

    next: "Call[Page[ItemT]] | None"
    """The call that reads the next page; None after the last one."""


def read_pages(
    caller: Caller, page: Call[Page[ItemT]] | None, timeout: float | None
) -> Iterator[ItemT]:
    """Yield the entries of a page and of all after it; each is read when it is due."""
    while page:
        read = caller.make(page, timeout)
        yield from read.items
        page = read.next


async def read_pages_async(
    caller: AsyncCaller, page: Call[Page[ItemT]] | None, seconds: float | None
) -> AsyncIterator[ItemT]:
    """Yield the entries of a page and of all after it; see `read_pages`."""
    while page:
        read = await caller.make(page, seconds)
        for item in read.items:
            yield item
        page = read.next

"""Lists of contests: the parts of the registry as one list in the order of ids."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from harness.node import Node
from leaderboard_server.contests.listing import merged_ids
from leaderboard_server.domain.contest import ContestSettings, ContestsQuery
from leaderboard_server.storage.keys import REGISTRY_PARTS, registry_part

_IDS = st.text("ab._-:Z9", min_size=1, max_size=6)


def in_parts(
    ids: set[str], part_of: Callable[[str], int], read: Counter[int]
) -> Callable[[int, str, int], object]:
    """Return a function that reads parts of these ids, and counts what it returns."""
    parts = [sorted(each for each in ids if part_of(each) == n) for n in range(REGISTRY_PARTS)]

    async def read_part(part: int, after: str, count: int) -> list[str]:
        found = [each for each in parts[part] if each > after][:count]
        read[part] += len(found)
        return found

    return read_part


@pytest.mark.parametrize("skewed", [False, True])
@settings(deadline=None, max_examples=200)
@given(ids=st.sets(_IDS, max_size=400), after=st.just("") | _IDS, count=st.integers(1, 60))
async def test_parts_are_one_sorted_list(
    ids: set[str],
    after: str,
    count: int,
    skewed: bool,  # noqa: FBT001
) -> None:
    """The first ids of all parts are found, also where few parts have most of them."""

    def part_of(contest_id: str) -> int:
        return len(contest_id) if skewed else registry_part(contest_id)

    read_part = in_parts(ids, part_of, Counter())

    found = await merged_ids(read_part, after, count)  # type: ignore[arg-type]

    assert found == sorted(each for each in ids if each > after)[:count]


@pytest.mark.parametrize("skewed", [False, True])
async def test_page_reads_few_ids(skewed: bool) -> None:  # noqa: FBT001
    """Of a large registry a page reads a small multiple of its size."""
    ids = {f"contest-{number:05}" for number in range(20_000)}
    read = Counter[int]()
    read_part = in_parts(ids, (lambda _: 3) if skewed else registry_part, read)

    found = await merged_ids(read_part, "", 1_001)  # type: ignore[arg-type]

    assert len(found) == 1_001
    assert read.total() < 4 * len(found)


async def test_page_is_short_where_ids_have_no_contest(node: Node) -> None:
    """Such ids are left out, and the pages after them go on."""
    contests = [f"short.{number}" for number in range(9)]
    for number, contest_id in enumerate(contests):
        if number % 3:
            await node.settings.create(contest_id, ContestSettings())
        else:
            await node.store.registry.register(contest_id)

    pages: list[list[str]] = []
    after = ""
    while not pages or after:
        listed, after = await node.contest_list.page(ContestsQuery("short.", after, 2))
        pages.append([contest.contest_id.removeprefix("short.") for contest in listed])

    assert pages == [["1"], ["2"], ["4", "5"], ["7"], ["8"]]


async def test_contests_of_an_earlier_version_are_listed(
    node: Node, other: Node, redis: Redis
) -> None:
    """A store that has no registry gets one with the first list."""
    for number in range(20):
        await node.add(f"early.{number}", "ada")
    keys = [f"leaderboard:contests:{{{part}}}" for part in range(REGISTRY_PARTS)]
    await redis.delete(*keys)

    listed, after = await other.contest_list.page(ContestsQuery("early.", "", 100))

    assert [contest.contest_id for contest in listed] == sorted(f"early.{n}" for n in range(20))
    assert after == ""

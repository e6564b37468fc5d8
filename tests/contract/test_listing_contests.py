"""Contests are listed in the order of their ids, page by page."""

import pytest

from contract.edge import Edge
from contract.rejections import invalid
from harness.calls import DEADLINE_S, add
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session")]


async def page(
    edge: Edge, prefix: str, size: int = 0, token: str = ""
) -> contests.ListContestsResponse:
    """Return a page of the contests with a prefix."""
    request = contests.ListContestsRequest(id_prefix=prefix, page_size=size, page_token=token)
    answer: contests.ListContestsResponse = await edge.contests.ListContests(
        request, timeout=DEADLINE_S
    )
    return answer


async def test_contests_are_listed_page_by_page(edge: Edge, contest_id: str) -> None:
    """Each once, however it began, and with all that a read of it returns."""
    ids = [f"{contest_id}:{name}" for name in ("B", "a", "_", "10", "9", "a.b", "a-b", "Z")]
    for number, each in enumerate(ids):
        if number % 2:
            await add(edge.stub, each, "ada", 1)
        else:
            rules = pb.ContestRules(max_points=number + 1)
            contest = contests.Contest(contest_id=each, rules=rules, display_name=f"n{number}")
            request = contests.CreateContestRequest(contest=contest)
            await edge.contests.CreateContest(request, timeout=DEADLINE_S)
    read = [
        (
            await edge.contests.GetContest(contests.GetContestRequest(contest_id=each), timeout=10)
        ).contest
        for each in sorted(ids)
    ]

    for size in (1, 3, 4, 8, 1_000):
        listed: list[contests.Contest] = []
        token, pages = "", 0
        while pages == 0 or token:
            answer = await page(edge, f"{contest_id}:", size, token)
            assert len(answer.contests) <= size
            listed += answer.contests
            token, pages = answer.next_page_token, pages + 1
        assert (listed, pages) == (read, -(-len(ids) // size))


async def test_page_has_100_contests_by_default(edge: Edge, contest_id: str) -> None:
    """The next one has the rest."""
    updates = [
        pb.UpdateScoreRequest(contest_id=f"{contest_id}.{number:03}", user_id="ada", points=1)
        for number in range(130)
    ]
    await edge.stub.BatchUpdateScores(pb.BatchUpdateScoresRequest(updates=updates), timeout=10)

    first = await page(edge, f"{contest_id}.")
    second = await page(edge, f"{contest_id}.", 0, first.next_page_token)

    assert [len(first.contests), len(second.contests)] == [100, 30]
    ids = [contest.contest_id for contest in (*first.contests, *second.contests)]
    assert ids == [update.contest_id for update in updates]
    assert not second.next_page_token


async def test_no_contest_has_the_prefix(edge: Edge, contest_id: str) -> None:
    """The page is empty, and the last one."""
    assert await page(edge, contest_id) == contests.ListContestsResponse()


async def test_token_is_of_the_same_list(edge: Edge, contest_id: str) -> None:
    """A token of contests with another prefix is rejected."""
    for name in ("a.1", "a.2", "b.1"):
        await add(edge.stub, f"{contest_id}.{name}", "ada", 1)
    first = await page(edge, f"{contest_id}.a", 1)
    request = contests.ListContestsRequest(
        id_prefix=f"{contest_id}.b", page_token=first.next_page_token
    )

    assert await edge.rejection("ListContests", request) == invalid("page_token")


async def test_contest_whose_first_update_was_refused_is_not_listed(
    edge: Edge, contest_id: str
) -> None:
    """It does not exist, though a server has seen its name."""
    update = pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", points=2**53 + 1)
    batch = pb.BatchUpdateScoresRequest(updates=[update])
    await edge.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)

    assert await page(edge, contest_id) == contests.ListContestsResponse()

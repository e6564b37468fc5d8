"""Tests of the write counter: the store counts every write and no read."""

import pytest

from contract.edge import Edge
from contract.requests import valid_request

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_writes_are_counted(edge: Edge, contest_id: str) -> None:
    """A single update is counted; reads and watches are not."""
    before = await edge.writes()
    await edge.answer("UpdateScore", valid_request("UpdateScore", contest_id))
    after = await edge.writes()

    for rpc in ("GetTopUsers", "GetUserRank", "WatchContest"):
        await edge.answer(rpc, valid_request(rpc, contest_id))

    assert after > before
    assert await edge.writes() == after


async def test_a_response_is_no_rejection(edge: Edge, contest_id: str) -> None:
    """A successful call fails a test that expects a rejection."""
    with pytest.raises(AssertionError, match="not rejected"):
        await edge.rejection("GetTopUsers", valid_request("GetTopUsers", contest_id))

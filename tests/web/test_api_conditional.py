"""Responses that callers keep: entity tags, 304, HEAD and gzip."""

import gzip
import time
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from harness.waiting import eventually
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from web.boards import ABSENT, CLOSED, CUP, SCHEDULED, Web

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOP = f"/v1/contests/{CUP}/top"
BOARDS = [
    TOP,
    f"{TOP}?limit=1000",
    f"{TOP}?season=-1",
    f"/v1/contests/{ABSENT}/top",
    f"/v1/contests/{CUP}/rank?user_id=user-7",
    f"/v1/contests/{CUP}/users?id=user-7&id=x",
    f"/v1/contests/{CUP}/scores?score=1",
]
OTHERS = [
    "/v1/contests",
    f"/v1/contests/{CUP}",
    f"/v1/contests/{SCHEDULED}",
    f"/v1/contests/{CLOSED}",
    f"/v1/contests/{CUP}/seasons",
    "/openapi.json",
]


@pytest.mark.parametrize("path", [*BOARDS, *OTHERS])
async def test_a_kept_answer_is_not_sent_again(web: Web, path: str) -> None:
    """With its tag, alone, in a list, strong or as *, an answer is 304 with its headers alone."""
    whole = await web.get(path)
    tag = whole.headers["etag"]
    assert tag.startswith('W/"')
    assert whole.headers["cache-control"] == "no-cache"
    for kept in (tag, f'"x", {tag}', f'W/"a,b",{tag} , "z"', tag.removeprefix("W/"), "*"):
        for method in ("GET", "HEAD"):
            response = await web.get(path, method, {"If_None_Match": kept})
            assert (response.status, response.body) == (304, b""), kept
            assert "content-type" not in response.headers
            for name in ("etag", "cache-control", "vary"):
                assert response.headers[name] == whole.headers[name]


@pytest.mark.parametrize("kept", ['"x"', "x", "", '"', "W/", '"*"', '"x" *'])
async def test_other_tags_get_the_answer(web: Web, kept: str) -> None:
    """With other tags, or none that is well-formed, the answer is whole."""
    response = await web.get(TOP, headers={"If_None_Match": kept})
    assert (response.status, bool(response.body)) == (200, True)


@pytest.mark.parametrize("path", BOARDS)
async def test_the_tag_of_a_board_is_its_position(web: Web, path: str) -> None:
    """The tag is the position of the body, also of a season that is over, and of no contest."""
    response = await web.get(path)
    position = (await web.json(path))["position"]
    assert response.headers["etag"] == f'W/"{position["epoch"]}:{position["revision"]}"'


async def test_a_change_gets_another_tag(web: Web) -> None:
    """A write, a name and a hidden user each change the tag of the board and of its contest."""
    top, contest = "/v1/contests/tags/top", "/v1/contests/tags"

    async def change(**fields: Any) -> None:
        update = pb.UpdateScoreRequest(contest_id="tags", user_id="ada", **fields)
        await web.service.stub.UpdateScore(update)

    tags = [(await web.get(top)).headers["etag"]]
    await change(points=1)
    tags.append((await web.get(top)).headers["etag"])
    of_contest = (await web.get(contest)).headers["etag"]
    await change(display_name="Ada")
    tags.append((await web.get(top)).headers["etag"])
    await web.service.contests.HideUsers(
        contests_pb2.HideUsersRequest(contest_id="tags", user_ids=["ada"])
    )
    tags.append((await web.get(top)).headers["etag"])
    assert len(set(tags)) == 4
    assert (await web.get(contest)).headers["etag"] != of_contest
    response = await web.get(top, headers={"If_None_Match": ", ".join(tags[:3])})
    assert response.status == 200


async def test_the_clock_changes_the_tag_of_a_contest(web: Web) -> None:
    """A contest that closes by the clock has another tag, at the same position."""
    path = "/v1/contests/closing"
    ends_at = Timestamp()
    ends_at.FromMilliseconds(int(time.time() * 1_000) + 700)
    contest = contests_pb2.Contest(contest_id="closing", ends_at=ends_at)
    await web.service.contests.CreateContest(contests_pb2.CreateContestRequest(contest=contest))
    open_one = await web.get(path)
    assert b"CONTEST_STATE_OPEN" in open_one.body
    kept = {"If_None_Match": open_one.headers["etag"]}

    async def closed() -> bool:
        return b"CONTEST_STATE_CLOSED" in (await web.get(path)).body

    await eventually(closed, "the end of the contest")
    assert (await web.get(path, headers=kept)).status == 200


@pytest.mark.parametrize("path", [*BOARDS, *OTHERS, "/v1/contests/none", "/nowhere"])
@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_head_has_the_headers_of_get(web: Web, path: str, coding: str) -> None:
    """HEAD has all headers of GET, the length too, and no body."""
    got = await web.get(path, headers={"Accept_Encoding": coding})
    head = await web.get(path, "HEAD", {"Accept_Encoding": coding})
    assert (head.status, head.body) == (got.status, b"")
    assert head.headers | {"date": ""} == got.headers | {"date": ""}


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("deflate, *", True),
        ("*;q=0, gzip", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.00, *", False),
        ("identity", False),
        ("*;q=0", False),
        (";;,,=", False),
    ],
)
async def test_gzip(web: Web, accepted: str, compressed: bool) -> None:  # noqa: FBT001
    """A long body is compressed for those who accept it, with the same tag."""
    plain = await web.get(TOP, limit="100")
    response = await web.get(TOP, headers={"Accept_Encoding": accepted}, limit="100")
    assert (response.headers.get("content-encoding") == "gzip") == compressed
    assert (gzip.decompress(response.body) if compressed else response.body) == plain.body
    assert response.headers["etag"] == plain.headers["etag"]
    assert response.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


async def test_short_bodies_are_not_compressed(web: Web) -> None:
    """A body that fits into a packet is sent as it is."""
    response = await web.get(TOP, headers={"Accept_Encoding": "gzip"}, limit="1")
    assert "content-encoding" not in response.headers

"""The WebSocket of a watch: its handshake, its messages, and how it ends."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from harness.calls import add, top
from harness.gateway import gateway
from harness.waiting import eventually
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from web.boards import CLOSED, CUP, Web, problem_in
from web.browser_watch import BrowserWatch
from web.upstream import parsed

POLICY_VIOLATION = 1008


class Calls:
    """The calls of the service, over a channel of the test's own loop."""

    def __init__(self, channel: Any) -> None:
        self.stub = LeaderboardServiceStub(channel)
        self.contests = ContestServiceStub(channel)


@pytest_asyncio.fixture(name="calls")
async def _calls(web: Web) -> AsyncIterator[Calls]:
    async with web.service.new_channel() as channel:
        yield Calls(channel)


def url(address: str, contest_id: str = CUP, query: str = "") -> str:
    """Return the address of a watch."""
    return f"ws://{address}/v1/contests/{contest_id}/watch{query and '?' + query}"


def opened(address: str, *path: str, **options: Any) -> connect:
    """Connect to a watch."""
    return connect(url(address, *path), proxy=None, **options)


async def received(web_socket: ClientConnection) -> pb.WatchContestResponse:
    """Return the next message."""
    return parsed(await web_socket.recv())


async def closed(web_socket: ClientConnection) -> tuple[int, str]:
    """Read up to the end, and return the code and the reason of the close."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in web_socket:
            pass
    assert web_socket.close_code
    return web_socket.close_code, web_socket.close_reason or ""


async def refused(address: str, *path: str) -> tuple[int, Any]:
    """Return the status and the problem with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as refusal:
        async with opened(address, *path):
            pass
    response = refusal.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = orjson.loads(response.body or b"")
    assert problem["status"] == response.status_code
    return response.status_code, problem


class TestHandshake:
    """What is accepted, and what is refused before a WebSocket begins."""

    @pytest.mark.parametrize(
        ("contest_id", "query", "field"),
        [
            (CUP, "limit=0", "limit"),
            (CUP, "limit=1001", "limit"),
            (CUP, "limit=ten", "limit"),
            (CUP, "limit=3&limit=3", "limit"),
            (CUP, "resume_after=7", "resume_after"),
            (CUP, "resume_after=a:-1", "resume_after"),
            (CUP, "scope=ALL", "scope"),
            (".cup", "", "contest"),
            ("a" * 129, "", "contest"),
            ("%C3%A4", "", "contest"),
        ],
    )
    async def test_malformed_request(
        self, web: Web, contest_id: str, query: str, field: str
    ) -> None:
        """A malformed parameter is refused with a problem that names it."""
        status, problem = await refused(web.gateway.address, contest_id, query)
        assert status == 400
        assert [violation["field"] for violation in problem["violations"]] == [field]

    async def test_subprotocol(self, web: Web) -> None:
        """The subprotocol of the contract is answered; without one there is none."""
        offered = [Subprotocol("other"), Subprotocol("leaderboard.v1")]
        async with opened(web.gateway.address, subprotocols=offered) as web_socket:
            assert web_socket.subprotocol == "leaderboard.v1"
        async with opened(web.gateway.address) as web_socket:
            assert web_socket.subprotocol is None

    async def test_request_without_an_upgrade(self, web: Web) -> None:
        """A plain request at the path of a watch is refused with the way to upgrade it."""
        response = await web.get(f"/v1/contests/{CUP}/watch")
        assert problem_in(response, 426)["detail"]
        assert response.headers["upgrade"] == "websocket"

    async def test_limits(self, web: Web) -> None:
        """Watches beyond each limit are refused, and accepted when others have gone."""
        limits = ["--max-watches", "4", "--max-watches-per-address", "3", "--max-groups", "2"]
        with gateway(web.service.address, *limits) as process:
            address = process.address
            async with opened(address, "a") as first, opened(address, "b"):
                assert (await refused(address, "c"))[0] == 503
                async with opened(address, "a"):
                    assert (await refused(address, "a"))[0] == 429
                await first.close()

                async def accepted() -> bool:
                    try:
                        async with opened(address, "a"):
                            return True
                    except InvalidStatus:
                        return False

                await eventually(accepted, "a watch is accepted again")


class TestMessages:
    """What a browser is sent."""

    async def test_follows_a_contest(self, web: Web, calls: Calls) -> None:
        """A watch begins with the board, and has each change."""
        async with BrowserWatch(web.gateway.address, CUP, limit=1_000) as watch:
            await watch.until(lambda: watch.checker.known, "a board")
            for points in range(1, 4):
                answer = await add(calls.stub, CUP, "newcomer", points)
                await watch.reach(answer.position)
            watch.checker.assert_equals(await top(calls.stub, CUP, limit=1_000))
            assert watch.checker.reasons == {"INITIAL": 1}
            assert watch.checker.rules.rank_style == pb.RANK_STYLE_COMPETITION

    async def test_contest_that_begins(self, web: Web, calls: Calls) -> None:
        """A contest that does not exist yet can be watched, and deleted again."""
        async with BrowserWatch(web.gateway.address, "begins") as watch:
            await watch.until(lambda: watch.checker.known, "an empty board")
            assert watch.checker.rows == ()
            answer = await add(calls.stub, "begins", "ada", 1)
            await watch.reach(answer.position)
            await calls.contests.DeleteContest(
                contests_pb2.DeleteContestRequest(contest_id="begins")
            )
            await watch.ended()
            assert watch.checker.ended == pb.END_REASON_CONTEST_DELETED
            assert watch.closes == {1000: 1}

    async def test_contest_that_is_over(self, web: Web) -> None:
        """A watch of a closed contest has its board, and its end."""
        async with BrowserWatch(web.gateway.address, CLOSED) as watch:
            await watch.ended()
            assert watch.checker.known
            assert watch.checker.ended == pb.END_REASON_CONTEST_OVER
            assert watch.closes == {1000: 1}

    @pytest.mark.parametrize("message", ["", "{}", b"\x00"])
    async def test_message_of_the_client(self, web: Web, message: str | bytes) -> None:
        """A client that sends anything is disconnected."""
        async with opened(web.gateway.address) as web_socket:
            await web_socket.send(message)
            code, _ = await closed(web_socket)
            assert code == POLICY_VIOLATION


class TestResuming:
    """What a browser is sent that comes back."""

    @pytest.mark.parametrize(
        ("position", "kind", "reason"),
        [
            ("{epoch}:{now}", "progress", ""),
            ("{epoch}:{before}", "changes", ""),
            ("{epoch}:1", "snapshot", "SNAPSHOT_REASON_HISTORY_TRIMMED"),
            (":0", "snapshot", "SNAPSHOT_REASON_HISTORY_TRIMMED"),
            ("{epoch}:9999999", "snapshot", "SNAPSHOT_REASON_AHEAD"),
            ("another:5", "snapshot", "SNAPSHOT_REASON_NEW_EPOCH"),
        ],
    )
    async def test_at_each_kind_of_position(
        self, web: Web, calls: Calls, position: str, kind: str, reason: str
    ) -> None:
        """A position that was sent is followed by what came after it; others by a snapshot."""
        contest_id = f"resumed-{kind}-{len(position)}"
        for user in ("ada", "bo", "cy"):
            await add(calls.stub, contest_id, user, 3)
        async with BrowserWatch(web.gateway.address, contest_id) as other:
            await other.until(lambda: other.checker.known, "a board")
            before = other.checker.position
            now = (await add(calls.stub, contest_id, "bo", 7)).position
            await other.reach(now)
            after = position.format(epoch=now.epoch, now=now.revision, before=before.revision)
            async with opened(
                web.gateway.address, contest_id, f"resume_after={after}"
            ) as web_socket:
                message = await received(web_socket)

            assert message.WhichOneof("event") == kind
            assert message.position == now
            if reason:
                assert pb.SnapshotReason.Name(message.snapshot.reason) == reason
            else:
                assert message.previous_revision == int(after.split(":")[1])

"""Groups: how the watches of sockets end, and how they go on."""

import pytest

from harness.plain_board import Step
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.errors import InvalidRequest
from leaderboard_server.domain.watch import EndReason
from leaderboard_web.problems import Problem
from leaderboard_web.watch import subscription
from web.fake_sockets import FakeGateway, FakeSocket
from web.upstream import ahead_of, begun


class TestEnds:
    """How the watches of sockets end."""

    @pytest.mark.parametrize("reason", [EndReason.CONTEST_OVER, EndReason.CONTEST_DELETED])
    async def test_end_of_the_contest_closes(self, reason: EndReason) -> None:
        """All sockets get the last message after all changes, and are closed; the group ends."""
        gateway, upstream = FakeGateway(), begun()
        fast, slow = FakeSocket(), FakeSocket(slow=True)
        gateway.join(fast)
        gateway.join(slow)
        await gateway.push(upstream.snapshot())
        upstream.commit(Step("bo", 9))
        await gateway.push(upstream.changes(), upstream.end(reason), None)

        assert fast.read() == ["snapshot", "changes", "end"]
        assert fast.closed == (1000, "")
        assert gateway.instruments.groups == 0
        kinds = []
        for _ in range(3):
            kinds += slow.read()
            await gateway.settle()
        assert kinds == ["snapshot", "changes", "end"]
        assert slow.closed == (1000, "")

    async def test_refused_watch_closes_with_its_reason(self) -> None:
        """If the service refuses the watch for good, the sockets are closed with 1011 and why."""
        gateway = FakeGateway()
        socket = FakeSocket()
        gateway.join(socket)
        await gateway.push(
            InvalidRequest("contest_id: ü" * 30, reason="ERROR_REASON_INVALID_FIELD")
        )

        assert socket.closed
        assert socket.closed[0] == 1011
        assert socket.closed[1].startswith("contest_id: ü")
        assert len(socket.closed[1].encode()) <= 123
        assert gateway.instruments.groups == 0

    async def test_gateway_drains(self) -> None:
        """When the gateway stops, all sockets get `end` DRAINING at their position, and close."""
        gateway, upstream = FakeGateway(), begun()
        socket, waiting = FakeSocket(), FakeSocket()
        gateway.join(socket)
        await gateway.push(upstream.snapshot())
        gateway.join(waiting, ahead_of(upstream, 1))

        gateway.groups.drain()
        await gateway.settle()

        assert socket.read() == ["snapshot", "end"]
        assert socket.checker.ended == pb.END_REASON_DRAINING
        assert socket.closed == waiting.closed == (1001, "")
        assert waiting.read() == []
        with pytest.raises(Problem):
            gateway.groups.check_room("a", 10, "192.0.2.1")
        await gateway.groups.close()
        assert gateway.service.open == 0


class TestResuming:
    """Sockets that resume at a position."""

    async def test_waits_for_a_later_position(self) -> None:
        """A socket with a position that another gateway sent earlier is sent what follows it."""
        gateway, upstream = FakeGateway(), begun()
        gateway.join(FakeSocket())
        await gateway.push(upstream.snapshot())
        socket = FakeSocket()
        gateway.join(socket, ahead_of(upstream, 1))
        assert socket.read() == []

        upstream.commit(Step("bo", 1))
        await gateway.push(upstream.changes())

        assert socket.read() == ["progress"]
        await gateway.groups.close()

    async def test_is_ahead(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A socket whose position is not reached is sent a snapshot that says so."""
        monkeypatch.setattr(subscription, "AHEAD_S", 0.05)
        gateway, upstream = FakeGateway(), begun()
        gateway.join(FakeSocket())
        await gateway.push(upstream.snapshot())
        socket = FakeSocket()
        gateway.join(socket, ahead_of(upstream, 1))
        await eventually(lambda: bool(socket.frames), "a snapshot")

        assert socket.read() == ["snapshot"]
        assert socket.checker.reasons == {"AHEAD": 1}
        await gateway.groups.close()

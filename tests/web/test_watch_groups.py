"""Groups: one watch of the service for many sockets, through outages and ends."""

import pytest

from harness.plain_board import Step
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.errors import InvalidRequest, Unavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import EndReason, SnapshotReason
from leaderboard_web.problems import Problem
from leaderboard_web.watch import group, subscription
from web.fake_sockets import FakeGateway, FakeSocket
from web.upstream import Upstream

LOST = Unavailable("no server is there")


def begun() -> Upstream:
    """Return a contest with two users."""
    upstream = Upstream()
    upstream.commit(Step("ada", 5), Step("bo", 3))
    return upstream


def ahead_of(upstream: Upstream, revisions: int) -> Position:
    """Return a position after the one of a contest."""
    return upstream.position._replace(revision=upstream.position.revision + revisions)


class TestSharing:
    """Sockets that share one watch."""

    async def test_share_one_watch_and_its_frames(self) -> None:
        """Sockets with the same contest and limit have one watch, and the same bytes."""
        gateway, upstream = FakeGateway(), begun()
        sockets = [FakeSocket() for _ in range(3)]
        for socket in sockets:
            gateway.join(socket)
        upstream_messages = [upstream.snapshot()]
        upstream.commit(Step("bo", 4))
        upstream_messages.append(upstream.changes())

        await gateway.push(*upstream_messages)

        assert gateway.service.started == [("a", 10)]
        for number in range(2):
            assert len({id(socket.frames[number]) for socket in sockets}) == 1
        for socket in sockets:
            assert socket.read() == ["snapshot", "changes"]
            socket.checker.assert_equals(upstream.read())
        await gateway.groups.close()

    async def test_new_socket_begins_with_a_snapshot(self) -> None:
        """A socket that comes later begins with the current board, and what follows it."""
        gateway, upstream = FakeGateway(), begun()
        gateway.join(FakeSocket())
        await gateway.push(upstream.snapshot())
        upstream.commit(Step("bo", 4))
        await gateway.push(upstream.changes(), upstream.changes())

        socket = FakeSocket()
        gateway.join(socket)

        assert socket.read() == ["snapshot", "progress"]
        socket.checker.assert_equals(upstream.read())
        await gateway.groups.close()

    async def test_slow_socket_delays_only_itself(self) -> None:
        """A socket whose buffer is full gets the changes of several messages as one."""
        gateway, upstream = FakeGateway(), begun()
        slow, fast = FakeSocket(slow=True), FakeSocket()
        gateway.join(slow)
        gateway.join(fast)
        await gateway.push(upstream.snapshot())
        for _ in range(3):
            upstream.commit(Step("bo", 1))
            await gateway.push(upstream.changes())

        assert fast.read() == ["snapshot"] + ["changes"] * 3
        assert slow.read() == ["snapshot"]
        await gateway.settle()
        assert slow.read() == ["changes"]
        assert slow.checker.changes[0].points == 3
        slow.checker.assert_equals(upstream.read())
        assert gateway.instruments.merged.value == 1
        await gateway.groups.close()

    async def test_defect_with_one_socket_is_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A socket for which the gateway fails is closed, and no other one misses a message."""
        gateway, upstream = FakeGateway(), begun()
        sockets = [FakeSocket() for _ in range(3)]
        for socket in sockets:
            gateway.join(socket)

        def fail(_data: bytes) -> None:
            raise RuntimeError("a defect")

        monkeypatch.setattr(sockets[1], "write", fail)
        await gateway.push(upstream.snapshot())

        assert [socket.read() for socket in sockets] == [["snapshot"], [], ["snapshot"]]
        assert sockets[1].closed == (1011, "the gateway failed")
        await gateway.groups.close()

    async def test_group_lingers_after_its_last_socket(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The watch of the service goes on for a while, and ends when no socket comes."""
        monkeypatch.setattr(group, "LINGER_S", 0.05)
        gateway, upstream = FakeGateway(), begun()
        gateway.leave(gateway.join(FakeSocket()))
        await gateway.push(upstream.snapshot())
        again = FakeSocket()
        joined = gateway.join(again)

        assert again.read() == ["snapshot"]
        assert len(gateway.service.started) == 1
        gateway.leave(joined)
        await eventually(lambda: not gateway.service.open, "the end of the watch", within=2)
        assert gateway.instruments.groups == 0
        gateway.join(FakeSocket())
        await gateway.settle()
        assert len(gateway.service.started) == 2
        await gateway.groups.close()

    async def test_groups_are_bounded(self) -> None:
        """One more board than the gateway watches at most is refused."""
        gateway = FakeGateway(max_groups=2)
        gateway.join(FakeSocket(), contest="a")
        gateway.join(FakeSocket(), contest="b")
        gateway.join(FakeSocket(), contest="b")

        with pytest.raises(Problem) as refused:
            gateway.groups.check_room("c", 10)

        assert refused.value.status == 503
        assert refused.value.headers["Retry-After"]
        await gateway.groups.close()


class TestOutages:
    """What sockets are sent while the service is away."""

    async def test_outage_is_reported_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """All sockets learn once that the service is lost, and then whatever comes next."""
        monkeypatch.setattr(group, "LOST_AFTER_S", 0.05)
        gateway, upstream = FakeGateway(), begun()
        socket, late = FakeSocket(), FakeSocket()
        gateway.join(socket)
        await gateway.push(upstream.snapshot())
        assert socket.read() == ["snapshot"]

        await gateway.push(*[upstream.lose(LOST)] * 3)
        await eventually(lambda: bool(socket.frames), "a report")
        await gateway.push(*[upstream.lose(LOST)] * 3)

        assert socket.read() == ["lost"]
        gateway.join(late)
        assert late.read() == ["snapshot", "lost"]
        await gateway.push(upstream.changes())
        assert socket.read() == late.read() == ["progress"]
        await gateway.push(upstream.lose(LOST))
        await eventually(lambda: bool(socket.frames), "a report of the next outage")
        assert socket.read() == ["lost"]
        assert gateway.instruments.outages.value == 2
        await gateway.groups.close()

    async def test_failover_is_not_an_outage(self) -> None:
        """A watch that moves on to another server at once is not reported as lost."""
        gateway, upstream = FakeGateway(), begun()
        socket = FakeSocket()
        gateway.join(socket)
        await gateway.push(upstream.snapshot(), upstream.end(EndReason.DRAINING))
        await gateway.push(upstream.lose(LOST), upstream.changes())

        assert socket.read() == ["snapshot", "progress"]
        assert socket.checker.ended is None
        await gateway.groups.close()

    async def test_socket_without_a_board_learns_of_an_outage(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A socket of a group that has no board yet is sent the report, and then the board."""
        monkeypatch.setattr(group, "CONNECT_S", 0.05)
        gateway, upstream = FakeGateway(), begun()
        socket = FakeSocket()
        gateway.join(socket)
        await eventually(lambda: bool(socket.frames), "a report")
        await gateway.push(upstream.snapshot())

        assert socket.read() == ["lost", "snapshot"]
        await gateway.groups.close()

    async def test_board_of_an_outage_is_followed_by_the_report(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A socket that gets its first board during an outage learns of it again."""
        monkeypatch.setattr(group, "LOST_AFTER_S", 0.01)
        monkeypatch.setattr(subscription, "AHEAD_S", 0.1)
        gateway, upstream = FakeGateway(), begun()
        gateway.join(FakeSocket())
        await gateway.push(upstream.snapshot())
        socket = FakeSocket()
        gateway.join(socket, ahead_of(upstream, 1))
        await gateway.push(upstream.lose(LOST))
        await eventually(lambda: len(socket.frames) == 3, "a report, a snapshot and a report")

        assert socket.read() == ["lost", "snapshot", "lost"]
        await gateway.groups.close()

    async def test_snapshot_after_a_gap_follows_the_last_message(self) -> None:
        """A snapshot that the service sends after a gap has the revision of the message before."""
        gateway, upstream = FakeGateway(), begun()
        socket = FakeSocket()
        gateway.join(socket)
        await gateway.push(upstream.snapshot())
        upstream.commit(Step("cy", 9))
        await gateway.push(upstream.lose(LOST), upstream.snapshot(SnapshotReason.INITIAL))

        assert socket.read() == ["snapshot", "snapshot"]
        socket.checker.assert_equals(upstream.read())
        await gateway.groups.close()


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
            gateway.groups.check_room("a", 10)
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

"""Groups: one watch of the service for many sockets, also through its outages."""

import pytest

from harness.plain_board import Step
from harness.waiting import eventually
from leaderboard_client.errors import Unavailable
from leaderboard_server.domain.watch import EndReason, SnapshotReason
from leaderboard_web.problems import Problem
from leaderboard_web.watch import group, subscription
from web.fake_sockets import FakeGateway, FakeSocket
from web.upstream import ahead_of, begun

LOST = Unavailable("no server is there")


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
            gateway.groups.check_room("c", 10, "192.0.2.1")

        assert refused.value.status == 503
        assert refused.value.headers["Retry-After"]
        await gateway.groups.close()

    async def test_groups_of_an_address_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An address can't use up the groups of others, nor with watches that it has left."""
        monkeypatch.setattr(group, "LINGER_S", 0.05)
        gateway = FakeGateway(max_groups=400)
        joined = {name: gateway.join(FakeSocket(), contest=name) for name in map(str, range(20))}
        for name, left in joined.items():
            gateway.leave(left, contest=name)
        with pytest.raises(Problem) as refused:
            gateway.join(FakeSocket(), contest="another")

        assert refused.value.status == 429
        assert refused.value.headers["Retry-After"]
        gateway.join(FakeSocket(), contest="another", address="192.0.2.2")
        gateway.join(FakeSocket(), contest="another")
        await eventually(lambda: gateway.instruments.groups == 1, "the end of groups", within=2)
        gateway.join(FakeSocket(), contest="more")
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

"""Topology of a cluster: replies of its nodes are decoded and merged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard_server.storage.addresses import Address
from leaderboard_server.storage.cluster.topology import (
    SLOTS,
    OpenSlot,
    View,
    decode_view,
    merge,
)
from storage.cluster.views import Member, view

_POLLED = Address("10.9.9.9", 7_000)

_REDIS = b"""\
b1a7edeac1230e8a238f456eab09d23340bb6747 127.0.0.1:20219@30350,node-4.example slave \
4e1ddeac52214d150be0477aa64a8d670fa1e54c 0 1795982205549 2 connected
be4041e4cfb7c13395b94c072e52edfece5e4a24 127.0.0.1:27646@21118,node-0.example myself,master \
- 0 1795982205000 1 connected 0-5460 [7->-4e1ddeac52214d150be0477aa64a8d670fa1e54c]
d534f21c695502bb6a79dc13cd3e2207d633ad57 127.0.0.1:21039@24517,node-2.example master,fail \
- 1795982203000 1795982205650 3 disconnected 10922-16382 16383
4e1ddeac52214d150be0477aa64a8d670fa1e54c 127.0.0.1:25597@21178,node-1.example master \
- 0 1795982205348 2 connected 5461-10921
0ab1d2f4c7c6a4f36ddc76c31c5c11bd0f7d0f5c :0@0 master,noaddr - 1795982205348 1795982205340 9 \
disconnected 12
11c1d2f4c7c6a4f36ddc76c31c5c11bd0f7d0f5c 127.0.0.1:25598@21179 handshake - 0 0 0 connected
"""
"""As Redis 7.0.15 says it, with names, an open slot, and nodes that are away or unknown."""
_VALKEY = b"""\
933f2ce98df9db201b47f738001246861fe3af77 127.0.0.1:23773@23128 myself,master - 0 0 2 connected \
5461-10921 [7-<-d5aae55c94d5a93dd0ad9a7fa82ff30aed257910]
d5aae55c94d5a93dd0ad9a7fa82ff30aed257910 127.0.0.1:31230@20899 master - 0 1795982213113 1 \
connected 0-5460
d19ad00158fcfc6b6a606675e0bb897cc93abbd0 ::1:31855@21343,,shard-id=ab slave \
03f7f8d39bf9e4dfec91600c639e70cabfbf33c1 0 1795982213113 3 connected
"""
"""As Valkey 9.1 says it, with an IPv6 address and a further field."""


class TestDecoding:
    """The reply to CLUSTER NODES."""

    def test_view_of_redis(self) -> None:
        """Names, ports, config epochs, slots and open slots are read; unusable nodes are not."""
        replica, own, failed, other = decode_view(_REDIS, _POLLED)

        assert (replica.address, replica.ip) == (
            Address("node-4.example", 20_219),
            Address("127.0.0.1", 20_219),
        )
        assert (replica.slots, replica.is_self, replica.config_epoch) == ((), False, 2)
        assert own.is_self
        assert own.slots == (range(5_461),)
        assert {open_slot.slot for open_slot in own.open_slots} == {7}
        assert failed.slots == (range(10_922, 16_383), range(16_383, 16_384))
        assert (failed.is_reached, other.is_reached) == (False, True)

    def test_view_of_valkey(self) -> None:
        """A slot that is taken is open too; an IPv6 address has no brackets."""
        own, _, replica = decode_view(_VALKEY, _POLLED)

        assert {open_slot.slot for open_slot in own.open_slots} == {7}
        assert own.address == Address("127.0.0.1", 23_773)
        assert replica.address == replica.ip == Address("::1", 31_855)
        assert str(replica.address) == "[::1]:31855"

    def test_node_that_does_not_know_its_address_is_where_it_was_polled(self) -> None:
        """A node that no other one has met says no address; others without one are left out."""
        text = b"2660f512b1 :23246@30081 myself,master - 0 0 0 connected\n"
        other = b"3660f512b1 :23246@30081 master - 0 0 0 connected\n"

        (own,) = decode_view(text + other, _POLLED)

        assert own.address == own.ip == _POLLED

    @pytest.mark.parametrize(
        "reply", [b"+OK", b"a b c", b"id h:x@1 master - 0 0 0 connected", b"\xff"]
    )
    def test_other_replies_are_refused(self, reply: bytes) -> None:
        """A reply of another form is an error, not an empty view."""
        with pytest.raises(ValueError):  # noqa: PT011 - its text comes from Python
            decode_view(reply, _POLLED)


_NAMES = [f"node-{number}" for number in range(6)]


def _address(node_id: str) -> Address:
    return Address("10.0.0.1", 7_000 + _NAMES.index(node_id))


@st.composite
def _histories(draw: st.DrawFn) -> list[dict[str, Member]]:
    """Draw the states through which a cluster went; each change takes slots over."""
    states = [{name: Member(name, _address(name)) for name in _NAMES}]
    for epoch in range(1, draw(st.integers(2, 8))):
        taker = draw(st.sampled_from(_NAMES))
        first = draw(st.integers(0, SLOTS - 1))
        taken = range(first, draw(st.integers(first, SLOTS - 1)) + 1)
        state = {
            name: member._replace(
                slots=[kept for held in member.slots for kept in _cut(held, taken)]
            )
            for name, member in states[-1].items()
        }
        state[taker] = state[taker]._replace(slots=[*state[taker].slots, taken], config_epoch=epoch)
        states.append(state)
    return states


def _cut(held: range, taken: range) -> list[range]:
    before = range(held.start, min(held.stop, taken.start))
    after = range(max(held.start, taken.stop), held.stop)
    return [part for part in (before, after) if part]


class TestMerging:
    """The topology from what several nodes know."""

    @given(history=_histories(), data=st.data())
    def test_newest_view_decides(
        self, history: list[dict[str, Member]], data: st.DataObject
    ) -> None:
        """Whatever older views there are, each slot has the owner of the newest one."""
        newest = history[-1]
        members = [data.draw(st.sampled_from(history)) for _ in _NAMES]
        members[data.draw(st.integers(0, len(_NAMES) - 1))] = newest
        views = [
            view(name, list(state.values())) for name, state in zip(_NAMES, members, strict=True)
        ]

        topology = merge(data.draw(st.permutations(views)))

        expected = [""] * SLOTS
        for name, member in newest.items():
            for slots in member.slots:
                expected[slots.start : slots.stop] = [name] * len(slots)
        assert topology.owners == expected
        assert topology.addresses == {name: _address(name) for name in _NAMES}

    def test_conflict_is_decided_the_same_way_for_any_order(self) -> None:
        """Of two claims with the same config epoch that of the smaller id counts, as for nodes."""
        members = [
            Member(name, _address(name), config_epoch=3, slots=[range(5)]) for name in _NAMES[:2]
        ]
        views = [view(member.node_id, members) for member in members]

        assert merge(views).owners[:6] == merge(views[::-1]).owners[:6] == [*["node-0"] * 5, ""]

    def test_removed_node_has_no_say(self) -> None:
        """A node that the others forgot, and that has slots of another cluster, does not count."""
        ours = [Member(name, _address(name), slots=[range(9)]) for name in _NAMES[:2]]
        removed = Member("node-5", _address("node-5"), config_epoch=99, slots=[range(SLOTS)])
        views = [view("node-5", [*ours, removed]), *(view(own.node_id, ours) for own in ours)]

        topology = merge(views)

        assert "node-5" not in topology.addresses
        assert set(topology.owners) == {"node-0", ""}

    def test_emptied_node_has_no_say(self) -> None:
        """A node that lost its state does not take away the slots that others know to be its."""
        ours = [
            Member(name, _address(name), number + 1, [range(number, number + 1)])
            for number, name in enumerate(_NAMES[:3])
        ]
        emptied = [Member("node-0", _address("node-0"))]
        reborn = [Member("node-4", _address("node-0"))]
        views = [view("node-1", ours), view("node-2", ours)]

        for lone in (view("node-0", emptied), view("node-4", reborn)):
            assert merge([lone, *views]).owners[:4] == ["node-0", "node-1", "node-2", ""]

    def test_cluster_that_was_known_is_kept(self) -> None:
        """Where seeds lead to two clusters by now, that counts which was known, or the larger."""
        nodes = [Member(name, _address(name), slots=[range(9)]) for name in _NAMES[:2]]
        small, large = nodes[:1], [nodes[1], Member("node-2", _address("node-2"))]
        views = [view("node-0", small), *(view(member.node_id, large) for member in large)]

        assert merge(views, ["node-0"]).owners[0] == "node-0"
        assert merge(views).owners[0] == "node-1"

    def test_one_view_is_enough(self) -> None:
        """The first node that answers leads to all others."""
        members = [Member(name, _address(name), slots=[range(9)]) for name in _NAMES]
        assert merge([view("node-3", members)]).addresses.keys() == set(_NAMES)
        assert not merge([]).addresses

    def test_node_is_where_others_reach_it(self) -> None:
        """A node that moved may say its old address, and so do nodes that don't reach it."""
        old, new = (
            Member("node-0", _address("node-0")),
            Member("node-0", Address("10.0.0.9", 7_000)),
        )
        others = [Member(name, _address(name)) for name in _NAMES[1:3]]
        cut_off: View = tuple(
            claim._replace(is_reached=claim.is_self) for claim in view("node-2", [old, *others])
        )
        views = [view("node-0", [old, *others]), view("node-1", [new, *others]), cut_off]

        for order in (views, views[::-1]):
            assert merge(order).addresses["node-0"] == new.address

    def test_replica_that_does_not_know_of_a_move_has_not_the_slot(self) -> None:
        """It lacks what was moved, until the node that has that no longer takes the slot."""
        slot = OpenSlot(3, "node-0", "node-1")
        source, target, replica = (Member(name, _address(name)) for name in _NAMES[:3])
        before = [source._replace(slots=[range(9)], config_epoch=1), target, replica]
        after = [source, target, replica._replace(slots=[range(9)], config_epoch=2)]
        taking, closed = _taking(view("node-1", before), slot), view("node-1", after)
        gone = [view("node-2", after)]

        assert merge([view("node-0", before), taking]).owners[3] == "node-0"
        stranded = merge([*gone, taking])
        assert stranded.owners[2:5] == ["node-2", "", "node-2"]
        still = merge(gone, stranded_before=stranded.stranded)
        assert (still.owners[3], set(still.open_slots)) == ("", {slot})
        assert merge([*gone, closed], stranded_before=still.stranded).owners[3] == "node-2"


def _taking(known: View, slot: OpenSlot) -> View:
    """Return what a node knows that takes a slot."""
    return tuple(
        claim._replace(open_slots=frozenset([slot])) if claim.is_self else claim for claim in known
    )

"""Makes what nodes of a cluster know, and the text in which they say so."""

from collections.abc import Sequence
from typing import NamedTuple

from leaderboard_server.storage.addresses import Address
from leaderboard_server.storage.cluster.topology import Claim, View


class Member(NamedTuple):
    """A node as others see it."""

    node_id: str
    address: Address
    config_epoch: int = 0
    slots: Sequence[range] = ()
    name: str = ""
    """The name of its host, if it announces one."""


def view_text(own_id: str, members: Sequence[Member]) -> bytes:
    """Return the reply to `CLUSTER NODES` of one of the members."""
    return "".join(_line(member, is_self=member.node_id == own_id) for member in members).encode()


def view(own_id: str, members: Sequence[Member]) -> View:
    """Return what one of the members knows."""
    return tuple(
        Claim(
            node_id=member.node_id,
            address=member.address,
            ip=member.address,
            is_self=member.node_id == own_id,
            is_reached=True,
            config_epoch=member.config_epoch,
            slots=tuple(member.slots),
            open_slots=frozenset(),
        )
        for member in members
    )


def _line(member: Member, *, is_self: bool) -> str:
    flags = "myself,master" if is_self else "master"
    slots = " ".join(f"{slots.start}-{slots.stop - 1}" for slots in member.slots)
    host, port = member.address
    name = f",{member.name}" if member.name else ""
    return (
        f"{member.node_id} {host}:{port}@{port + 10_000}{name} {flags} - 0 0 {member.config_epoch} "
        f"connected {slots}\n"
    )

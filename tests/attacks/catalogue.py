"""The table of all attacks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from attacks import (
    dear_requests,
    floods,
    headers,
    many_connections,
    many_streams,
    overload,
    reading_nothing,
    watches,
)
from attacks.attacker import Attacker


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One attack."""

    name: str
    title: str
    """What it does, for the table in the docs."""
    run: Callable[[Attacker], Awaitable[None]]
    prepare: Callable[[str], Awaitable[None]] | None = None
    """Fills boards of the server at an address, before the attack."""
    file_limit: int | None = None
    """The file descriptors of the attacked server; None for the limit of this machine."""
    takes_capacity: bool = False
    """Whether the attack is as many legal calls as possible, which nobody can be spared: it is
    judged by the calls that are served."""


ATTACKS = {
    attack.name: attack
    for attack in (
        Attack(
            name="zero-window",
            title="1,000 calls on a connection with a window of 0, one such connection a second",
            run=reading_nothing.zero_window,
        ),
        Attack(
            name="dripping",
            title="1,000 such calls sent byte by byte, a connection every 2 s",
            run=reading_nothing.dripping,
        ),
        Attack(
            name="unfinished-uploads",
            title="512 requests of 1 MiB without their last byte",
            run=reading_nothing.unfinished_uploads,
        ),
        Attack(
            name="gzip-bomb",
            title="1 kB of gzip to 524,288 empty updates, 100 a second",
            run=dear_requests.gzip_bomb,
        ),
        Attack(
            name="many-refusals",
            title="batches of 1,000 invalid updates in 143 bytes, 10 a second",
            run=dear_requests.many_refusals,
        ),
        Attack(
            name="rapid-reset",
            title="calls that are reset at once, 20,000 a second",
            run=many_streams.rapid_reset,
        ),
        Attack(
            name="reflection-streams",
            title="10,000 streams of server reflection",
            run=many_streams.reflection_streams,
        ),
        Attack(
            name="health-streams",
            title="10,000 watches of the health",
            run=many_streams.health_streams,
        ),
        Attack(
            name="connections",
            title="2,000 connections to a server with 512 file descriptors",
            run=many_connections.connections,
            file_limit=512,
        ),
        Attack(
            name="shared-channel",
            title="1,000 watches on the channel of unary calls",
            run=watches.shared_channel,
        ),
        Attack(
            name="large-metadata",
            title="metadata of 17 to 512 KiB, 100 calls a second",
            run=headers.large_metadata,
        ),
        Attack(
            name="continuation-flood",
            title="headers that never end",
            run=headers.continuation_flood,
        ),
        Attack(
            name="limits",
            title="300 watches with 300 limits of a contest with 100 writes a second",
            run=watches.limits,
            prepare=watches.fill_crowded_board,
        ),
        Attack(
            name="deep-pages",
            title="pages of 1,000 rows deep in a board of 200,000 users, 130 a second",
            run=dear_requests.deep_pages,
            prepare=dear_requests.fill_large_board,
        ),
        Attack(
            name="wrong-calls",
            title="invalid requests, broken messages and unknown paths, 1,000 a second",
            run=floods.wrong_calls,
        ),
        Attack(
            name="garbage",
            title="connections that don't speak HTTP/2, 50 a second",
            run=floods.garbage,
        ),
        Attack(name="ping-flood", title="20,000 pings a second", run=floods.ping_flood),
        Attack(
            name="settings-flood",
            title="20,000 changes of the settings a second",
            run=floods.settings_flood,
        ),
        Attack(
            name="empty-frames",
            title="60,000 frames without any content a second",
            run=floods.empty_frames,
        ),
        Attack(
            name="overload",
            title="three times the updates that the server can serve",
            run=overload.overload,
            takes_capacity=True,
        ),
    )
}

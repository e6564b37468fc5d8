"""Changes of settings, as callers, boards and watchers of two servers meet them."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence

import pytest

from harness.node import Node
from harness.waiting import eventually
from leaderboard_server.domain.contest import ContestSettings, SettingsChange
from leaderboard_server.domain.errors import InvalidRequest
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import Rules, UpdateMode
from leaderboard_server.domain.watch import (
    Snapshot,
    SnapshotReason,
    WatchMessage,
    WatchRequest,
    WatchScope,
)
from watch.node_watches import CONTEST, NodeWatch, all_watch

_SCOPES = tuple(WatchScope)


def change(**settings: int | str) -> SettingsChange:
    """Return a request to change the display name or rules."""
    name = str(settings.pop("display_name", ""))
    rules = Rules(**settings)  # type: ignore[arg-type]
    return SettingsChange(
        CONTEST, ContestSettings(name, rules), frozenset(settings), display_name=bool(name)
    )


async def reached(watches: list[NodeWatch], position: Position) -> None:
    """Wait until all watches are at a position."""
    await eventually(
        lambda: all(watch.position == position for watch in watches), f"all at {position}"
    )


async def test_watchers_meet_creation_writes_and_updates_in_order(node: Node, other: Node) -> None:
    """Watchers of every scope, on both servers, have the board at the end and see each update."""
    watches = {server: [NodeWatch(scope) for scope in _SCOPES] for server in ("node", "other")}
    async with all_watch(node, watches["node"]), all_watch(other, watches["other"]):
        every = [*watches["node"], *watches["other"]]
        contest = await node.settings.create(CONTEST, ContestSettings("Cup"))
        await reached(every, contest.position)
        for round_number in range(1, 6):
            for server, user_id in itertools.product((node, other), ("ada", "bo", "dan")):
                result = await server.add(CONTEST, user_id, round_number)
            contest = await other.settings.update(change(max_points=100 + round_number))
            await reached(every, contest.position)
            result = await node.add(CONTEST, "cy", 5)
            await reached(every, result.position)

        page = await node.boards.top(CONTEST, 1, 10)
        for watch in every:
            assert watch.checker.reasons["CONTEST_UPDATED"] == 6
            assert watch.checker.reasons["INITIAL"] == 1
            assert watch.checker.reasons.total() == 7
        for of_server in watches.values():
            top = of_server[_SCOPES.index(WatchScope.TOP)].checker.rows
            assert [(row.user_id, row.score) for row in top] == [
                (user.user_id, user.score) for user in page.users
            ]


async def test_watchers_are_sent_the_rules(node: Node, other: Node) -> None:
    """The snapshot after a change has the rules of then, on both servers."""
    requests = [(server, scope) for server in (node, other) for scope in _SCOPES]
    async with contextlib.AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(
                contextlib.aclosing(
                    server.watch(
                        WatchRequest(
                            CONTEST,
                            scope=scope,
                            user_ids=frozenset({"ada"} if scope is WatchScope.USERS else ()),
                        )
                    )
                )
            )
            for server, scope in requests
        ]
        for stream in streams:
            first = (await anext(stream)).event
            assert isinstance(first, Snapshot)
            assert first.rules == Rules()
        created = Rules(default_mode=UpdateMode.BEST)
        await node.settings.create(CONTEST, ContestSettings(rules=created))
        await all_sent(streams, created)
        await other.settings.update(change(max_score=9))
        await all_sent(streams, created._replace(max_score=9))


async def all_sent(streams: Sequence[AsyncIterator[WatchMessage]], rules: Rules) -> None:
    """Wait for a snapshot with these rules on each stream."""
    async with asyncio.timeout(10):
        for stream in streams:
            event = (await anext(stream)).event
            assert isinstance(event, Snapshot)
            assert (event.reason, event.rules) == (SnapshotReason.CONTEST_UPDATED, rules)


async def test_watch_that_begins_after_a_creation_has_its_rules(node: Node) -> None:
    """The first snapshot is not behind what was acknowledged."""
    await node.boards.top(CONTEST, 1, 10)  # the contest is followed from before it exists
    rules = Rules(max_points=5)
    created = await node.settings.create(CONTEST, ContestSettings(rules=rules))

    async with contextlib.aclosing(node.watch(WatchRequest(CONTEST))) as messages:
        first = await anext(messages)

    assert first.position == created.position
    assert isinstance(first.event, Snapshot)
    assert first.event.rules == rules


@pytest.mark.parametrize("scope", _SCOPES)
async def test_watch_is_resumed_from_before_an_update(
    node: Node, other: Node, scope: WatchScope
) -> None:
    """It gets a snapshot for that reason, from a server that followed the contest and another."""
    watched = frozenset({"ada"} if scope is WatchScope.USERS else ())
    before = await node.add(CONTEST, "ada")
    async with all_watch(node, [NodeWatch(scope)]):
        await node.settings.update(change(max_points=5))
        await node.add(CONTEST, "ada")
        for server in (node, other):
            request = WatchRequest(
                CONTEST, scope=scope, user_ids=watched, resume_after=before.position
            )
            async with contextlib.aclosing(server.watch(request)) as messages:
                first = await anext(messages)
            assert isinstance(first.event, Snapshot)
            assert first.event.reason is SnapshotReason.CONTEST_UPDATED
            assert first.event.rules.max_points == 5
            assert first.position.revision == 3


async def test_boards_of_both_servers_follow_an_update(node: Node, other: Node) -> None:
    """Its own server's at once, the other one's with its position, and soon without."""
    await node.add(CONTEST, "ada")
    for number in range(1, 11):
        for server in (node, other):
            await server.boards.top(CONTEST, 1, 10)
        updated = await node.settings.update(change(max_points=number))

        own = await node.boards.top(CONTEST, 1, 10)
        theirs = await other.boards.top(CONTEST, 1, 10, updated.position)

        assert (own.position, own.rules.max_points) == (updated.position, number)
        assert (theirs.position, theirs.rules.max_points) == (updated.position, number)


async def test_concurrent_updates_lose_nothing(node: Node, other: Node) -> None:
    """Servers that change different settings while others write find each other's changes."""
    await node.settings.create(CONTEST, ContestSettings())
    for number in range(1, 11):
        await asyncio.gather(
            node.settings.update(change(display_name=f"Cup {number}")),
            other.settings.update(change(max_points=number)),
            node.settings.update(change(min_score=-number)),
            *(server.add(CONTEST, "ada") for server in (node, other)),
        )

    contest = await node.settings.read(CONTEST)
    assert contest.settings == ContestSettings("Cup 10", Rules(max_points=10, min_score=-10))
    # One revision for the creation, 30 for updates, 20 for scores.
    assert contest.position.revision == 51


async def test_update_that_others_make_impossible(node: Node, other: Node) -> None:
    """Of two bounds that exclude each other one is rejected, whichever comes later."""
    await node.settings.create(CONTEST, ContestSettings())

    results = await asyncio.gather(
        node.settings.update(change(min_score=5)),
        other.settings.update(change(max_score=4)),
        return_exceptions=True,
    )

    assert [type(result) for result in results].count(InvalidRequest) == 1

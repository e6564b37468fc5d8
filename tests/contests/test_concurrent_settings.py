"""Settings of one contest that are changed at the same time, through one server and two."""

import asyncio
from collections.abc import Iterator

import pytest

from harness.node import Node
from leaderboard_server.contests.settings import Settings
from leaderboard_server.domain.contest import Contest, ContestSettings, SettingsChange
from leaderboard_server.domain.errors import SettingsContended
from leaderboard_server.domain.rules import Rules
from leaderboard_server.storage.contest_store import SettingsReply
from leaderboard_server.transport.statuses import status_of

CONTEST = "chess"


def change(**rules: int) -> SettingsChange:
    """Return a request to change rules."""
    settings = ContestSettings(rules=Rules(**rules))  # type: ignore[arg-type]
    return SettingsChange(CONTEST, settings, frozenset(rules), display_name=False)


def changes() -> Iterator[tuple[str, int]]:
    """Yield 40 rules with new values, in turn."""
    for number in range(1, 11):
        yield "min_score", -number
        yield "max_score", number
        yield "max_points", number
        yield "min_score", -100 - number


@pytest.mark.parametrize("servers", [1, 2])
async def test_concurrent_changes_are_all_written(servers: int, node: Node, other: Node) -> None:
    """Of 40 changes at once each is written, none takes another one back, all are answered."""
    await node.settings.create(CONTEST, ContestSettings("Cup"))
    nodes = (node, other)[:servers]

    answers = await asyncio.gather(
        *(
            nodes[number * servers // 40].settings.update(change(**{rule: value}))
            for number, (rule, value) in enumerate(changes())
        )
    )

    for (rule, value), answer in zip(changes(), answers, strict=True):
        assert getattr(answer.settings.rules, rule) == value
    last = max(answers, key=lambda answer: answer.position.revision)
    assert {answer.position.revision for answer in answers} == set(range(2, 42))
    assert await node.settings.read(CONTEST) == last == await other.settings.read(CONTEST)
    by_revision = sorted(
        zip(answers, changes(), strict=True), key=lambda each: each[0].position.revision
    )
    expected = dict(rule for _, rule in by_revision)
    assert last.settings.display_name == "Cup"
    assert {rule: getattr(last.settings.rules, rule) for rule in expected} == expected


class _BusyContests:
    """The contests of a store whose settings another server changes before each change."""

    def __init__(self, node: Node, other: Node) -> None:
        self._contests = node.store.contests
        self._other = other
        self.attempts = 0

    async def read(self, contest_id: str) -> Contest | None:
        return await self._contests.read(contest_id)

    async def update(
        self, contest_id: str, before: ContestSettings, after: ContestSettings
    ) -> SettingsReply:
        self.attempts += 1
        await self._other.settings.update(change(max_points=self.attempts))
        return await self._contests.update(contest_id, before, after)


async def test_change_ends_while_others_always_come_first(node: Node, other: Node) -> None:
    """After many attempts with short random pauses it fails, is not written, and says so."""
    await node.settings.create(CONTEST, ContestSettings())
    contests = _BusyContests(node, other)
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    chance = iter(range(1_000))
    settings = Settings(
        contests,  # type: ignore[arg-type]
        node.followers,
        randomness=lambda: next(chance) / 1_000,
        sleep=sleep,
    )

    with pytest.raises(SettingsContended, match="nothing was written") as raised:
        await settings.update(change(max_score=7))

    assert (await node.settings.read(CONTEST)).settings.rules.max_score != 7
    assert len(set(pauses)) == len(pauses) >= contests.attempts - 1 > 10
    assert max(pauses) < 1
    status = status_of(raised.value)
    assert "may" not in status.message
    assert len(status.details) == 2

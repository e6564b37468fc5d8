"""Seasons in positions, writes, changes of settings and snapshots."""

import pytest

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.contest import ContestSettings, SettingsChange
from leaderboard_server.domain.life import Life
from leaderboard_server.domain.position import BEGINNING, Position, season_of
from leaderboard_server.domain.rules import DEFAULT_RULES, UpdateMode
from leaderboard_server.domain.seasons import ResetSchedule
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.domain.watch import Snapshot, SnapshotReason, WatchMessage
from leaderboard_server.transport import responses

WEEKLY = ResetSchedule("0 0 * * MON", "Europe/Berlin")
UPDATE = ScoreUpdate("cup", "ada", 5, UpdateMode.SET, "write-1")


@pytest.mark.parametrize(
    ("epoch", "season"),
    [
        ("", 0),
        ("5d2f41aa7e100193-1", 1),
        ("5d2f41aa7e100193-1_2", 2),
        ("5d2f41aa7e100193-a_1000000", 1_000_000),
        ("5d2f41aa7e100193-1_2_3", 3),
        ("5d2f41aa7e100193-1_", 1),
        ("5d2f41aa7e100193-1_a", 1),
        ("_4", 4),
        ("4", 1),
    ],
)
def test_the_season_of_an_epoch(epoch: str, season: int) -> None:
    """It is the number at the end of the epoch, 1 without one, and 0 where there is no contest."""
    assert season_of(epoch) == season
    assert Position(epoch, 7).season == season
    assert BEGINNING.season == 0


@pytest.mark.parametrize(
    ("update", "fingerprint"),
    [
        (UPDATE, "be99866d656a3533"),
        (UPDATE._replace(attributes=(("team", "red"),)), "88bb169f40c8a8e2"),
        (UPDATE._replace(clear_display_name=True), "dc79c0a393364693"),
    ],
)
def test_fingerprints_of_writes_without_a_season(update: ScoreUpdate, fingerprint: str) -> None:
    """They are those of versions without seasons, so that repeats across an upgrade are known."""
    assert update.fingerprint() == fingerprint


def test_fingerprints_of_writes_for_a_season() -> None:
    """The season is part of them, whatever else is set."""
    updates = [
        update._replace(season=season)
        for update in (UPDATE, UPDATE._replace(attributes=(("team", "red"),)))
        for season in (0, 1, 2)
    ]
    assert len({update.fingerprint() for update in updates}) == len(updates)


def test_changes_of_settings() -> None:
    """A change replaces those settings of seasons that it names, also by nothing."""
    before = ContestSettings("Cup", DEFAULT_RULES, Life(), WEEKLY, 3)
    wanted = ContestSettings(keep_seasons=5)

    def changed(*names: str) -> ContestSettings:
        change = SettingsChange("cup", wanted, frozenset(), False, seasons=frozenset(names))  # noqa: FBT003 - the display name
        return change.applied_to(before)

    assert changed() == before
    assert changed("keep_seasons") == before._replace(keep_seasons=5)
    assert changed("reset_schedule") == before._replace(reset_schedule=None)
    assert changed("reset_schedule", "keep_seasons") == ContestSettings("Cup", keep_seasons=5)


@pytest.mark.parametrize(("epoch", "season"), [("", 0), ("5d2f-1", 1), ("5d2f-1_4", 4)])
def test_snapshots_have_the_season_of_their_position(epoch: str, season: int) -> None:
    """The number of the season is in each snapshot, and the reason says that one began."""
    snapshot = Snapshot((), 0, SnapshotReason.NEW_SEASON, DEFAULT_RULES)
    message = WatchMessage(Position(epoch, 7 if epoch else 0), 0, snapshot)

    sent = pb.WatchContestResponse.FromString(responses.watch_message(message)).snapshot

    assert (sent.season, sent.reason) == (season, pb.SNAPSHOT_REASON_NEW_SEASON)

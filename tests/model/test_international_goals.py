"""Boards of real score events, compared with boards that plain Python computes from the file."""

import csv
import itertools
import os
import subprocess
import sysconfig
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.service import ServiceProcess
from model.background import BackgroundLoop
from model.epochs import Epochs
from model.records import (
    Position,
    RankedUser,
    Top,
)
from model.remote import RemoteService

DATA = Path(
    os.environ.get("LEADERBOARD_SHARED_DATA")
    or Path(__file__).resolve().parents[3] / "shared" / "data"
)
EVENTS = DATA / "international-goals" / "events.csv"
IMPORT_DEADLINE_S = 100
PAGE = 1000

pytestmark = [
    pytest.mark.skipif(not EVENTS.exists(), reason=f"there are no score events at {EVENTS}"),
    pytest.mark.timeout(300),
]


@dataclass
class ComputedBoard:
    """The board of one contest, computed from the file."""

    events: int
    users: list[RankedUser]


@dataclass
class ImportedEvents:
    """A service with the imported events."""

    address: str
    server: RemoteService
    seconds: float


@pytest.fixture(
    name="events",
    scope="module",
    params=[
        pytest.param(10_000, id="the first"),
        pytest.param(None, id="all", marks=pytest.mark.slow),
    ],
)
def _events(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of so many events, or of all."""
    if request.param is None:
        return EVENTS
    events = tmp_path_factory.mktemp("events") / "events.csv"
    with EVENTS.open(encoding="utf-8") as lines:
        head = itertools.islice(lines, 1 + request.param)
        events.write_text("".join(head), encoding="utf-8")
    return events


@pytest.fixture(name="computed", scope="module")
def _computed(events: Path) -> dict[str, ComputedBoard]:
    """Compute the board of each contest; of equal scores the one reached first ranks higher."""
    scores: defaultdict[str, Counter[str]] = defaultdict(Counter)
    reached: dict[tuple[str, str], int] = {}
    names: dict[tuple[str, str], str] = {}
    with events.open(newline="", encoding="utf-8") as file:
        for line, event in enumerate(csv.DictReader(file)):
            contest, user = event["contest_id"], event["user_id"]
            scores[contest][user] += int(event["points"])
            reached[contest, user] = line
            names[contest, user] = event["display_name"]
    boards = {}
    for contest, totals in scores.items():
        order = sorted(totals, key=lambda user: (-totals[user], reached[contest, user]))
        users = [
            RankedUser(user, totals[user], place, names[contest, user], place)
            for place, user in enumerate(order, start=1)
        ]
        boards[contest] = ComputedBoard(totals.total(), users)
    return boards


@pytest.fixture(name="imported", scope="module")
def _imported(events: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImportedEvents]:
    folder = tmp_path_factory.mktemp("goals")
    process = ServiceProcess(folder, data_dir=folder / "data")
    with BackgroundLoop() as loop, loop.using(process):
        server = RemoteService(process.address, Epochs())
        yield ImportedEvents(process.address, server, import_events(process.address, events))
        server.close()


def import_events(address: str, events: Path) -> float:
    """Run `leaderboard import` on a file, and return the duration in seconds."""
    leaderboard = Path(sysconfig.get_path("scripts")) / "leaderboard"
    started = time.monotonic()
    done = subprocess.run(
        [leaderboard, "import", events, "--server", address],
        capture_output=True,
        check=False,
        text=True,
        timeout=IMPORT_DEADLINE_S,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return time.monotonic() - started


def read_board(server: RemoteService, contest_id: str) -> tuple[list[RankedUser], Position]:
    """Read all pages of a board that does not change."""
    users: list[RankedUser] = []
    for start_rank in itertools.count(1, PAGE):
        page = server.top(contest_id, limit=PAGE, start_rank=start_rank)
        assert isinstance(page, Top)
        users += page.users
        if len(page.users) < PAGE:
            assert page.total_users == len(users)
            return users, page.position
    raise AssertionError("the board has no end")


def test_all_boards_equal_the_computed_ones(
    imported: ImportedEvents, computed: dict[str, ComputedBoard], capsys: pytest.CaptureFixture[str]
) -> None:
    """All boards are correct in every row, with ties and names, and each goal counts once."""
    with capsys.disabled():
        print(f" (import: {imported.seconds:.1f} s)", end=" ")  # noqa: T201
    assert computed
    for contest, board in computed.items():
        users, position = read_board(imported.server, contest)
        assert users == board.users
        assert position.revision == board.events


@pytest.mark.slow
@pytest.mark.parametrize("events", [pytest.param(None, id="all")], indirect=True)
def test_world_cup_is_led_by_mbappe_and_muller_is_before_kane(
    imported: ImportedEvents, computed: dict[str, ComputedBoard]
) -> None:
    """Müller and Kane both have 14 goals, and Müller, who reached 14 first, ranks higher."""
    assert len(computed) == 20
    top = imported.server.top("fifa-world-cup", limit=6)

    assert isinstance(top, Top)
    assert [(user.display_name, user.score) for user in top.users] == [
        ("Kylian Mbappé (France)", 22),
        ("Lionel Messi (Argentina)", 21),
        ("Miroslav Klose (Germany)", 16),
        ("Ronaldo (Brazil)", 15),
        ("Gerd Müller (Germany)", 14),
        ("Harry Kane (England)", 14),
    ]


def test_import_of_the_same_file_again_counts_nothing(
    imported: ImportedEvents, computed: dict[str, ComputedBoard], events: Path
) -> None:
    """A second import changes no board and no position."""
    before = {contest: read_board(imported.server, contest) for contest in computed}

    import_events(imported.address, events)

    assert {contest: read_board(imported.server, contest) for contest in computed} == before

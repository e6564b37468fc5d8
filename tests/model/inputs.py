"""Inputs of the random operations: small pools, so that ties and repeats are the rule."""

from dataclasses import replace
from enum import StrEnum

from hypothesis import strategies as st

from leaderboard.v1 import leaderboard_pb2 as pb
from model.contest_records import ContestState, Schedule, Settings, SettingsChange, Time
from model.deployment import SERVERS
from model.records import (
    Attributes,
    Mode,
    Order,
    RankStyle,
    Rules,
    TieBreak,
    Update,
)
from model.rejections import MAX_SCORE

RULES = {
    "plain": [Rules()],
    "shared": [
        Rules(rank_style=RankStyle.COMPETITION),
        Rules(order=Order.LOWEST_FIRST, rank_style=RankStyle.COMPETITION, default_mode=Mode.BEST),
        Rules(rank_style=RankStyle.COMPETITION, tie_break=TieBreak.LAST_REACHED, max_points=2),
    ],
    "dense": [
        Rules(rank_style=RankStyle.DENSE, order=Order.LOWEST_FIRST),
        Rules(rank_style=RankStyle.DENSE, min_score=-2, max_score=3),
        Rules(
            rank_style=RankStyle.DENSE,
            order=Order.LOWEST_FIRST,
            tie_break=TieBreak.LAST_REACHED,
            default_mode=Mode.BEST,
        ),
    ],
    "other": [
        Rules(order=Order.LOWEST_FIRST, default_mode=Mode.BEST),
        Rules(tie_break=TieBreak.LAST_REACHED),
        Rules(order=Order.LOWEST_FIRST, tie_break=TieBreak.LAST_REACHED, default_mode=Mode.SET),
        Rules(min_score=0, max_score=3, max_points=2),
    ],
    "busy": [
        Rules(),
        Rules(rank_style=RankStyle.COMPETITION, order=Order.LOWEST_FIRST),
        Rules(rank_style=RankStyle.DENSE, tie_break=TieBreak.LAST_REACHED),
    ],
}
"""The contests of a run, each with the rules of which it has one."""

CONTESTS = ("plain", "shared", "dense", "other")
BUSY_CONTEST = "busy"
"""The contest of concurrent updates. No score comes near the bounds there, because rejections would
depend on an order that the answers do not show."""
USERS = ("ada", "0", "00", "1e3", "A.b:c@d_e-f" + "x" * 117)
EXTREMES = tuple(
    sign * points
    for sign in (1, -1)
    for points in (MAX_SCORE, MAX_SCORE - 1, MAX_SCORE + 1, MAX_SCORE // 2, 2**63 - 1)
)
NAMES = ("", "", "", "Ada", "Ada L.", "Zoë 0 1 2", '"\\{}', "\U0001f945" * 128)
REQUEST_IDS = ("", "", "r1", "r2", "r3", "r4", "!", "~" * 64)
ATTRIBUTES: tuple[Attributes, ...] = (
    (),
    (),
    (),
    (("country", "NO"),),
    (("country", ""),),
    (("a.b-c_1", '/ " \\ Zoë'), ("team", "red")),
    (("team", ""), ("country", "SE")),
    tuple((f"k{number}", "v") for number in range(7)),
    tuple((f"k{number}", "") for number in range(7)),
    (("long", "x" * 250),),
)
"""Together some of them pass the limits."""
EVENT_TIMES = (
    None,
    (0, 0),
    (1_700_000_000, 1),
    (-62_135_596_800, 0),
    (253_402_300_799, 999_999_999),
)


FOREIGN = 99
"""A history that no contest has."""
LATE = "late"
"""A contest that some runs create in the middle, and others never."""


class Wanted(StrEnum):
    """The `min_position` of a read."""

    NOTHING = "none"
    BEGINNING = "before the first update"
    FIRST = "after the first update"
    PRESENT = "the present one"
    NEXT = "the one after the present"
    BEFORE_DELETED = "one of the history before the contest was deleted"
    FOREIGN = "one of another epoch"


class Meant(StrEnum):
    """The history of a contest that is meant when it is deleted."""

    ANY = "any"
    PRESENT = "the present one"
    BEFORE = "the one before"
    FOREIGN = "one of no contest"

    def of(self, present: int) -> int | None:
        """Return its number; None for any."""
        before = present - 1 or FOREIGN
        numbers = {Meant.PRESENT: present, Meant.BEFORE: before, Meant.FOREIGN: FOREIGN}
        return numbers.get(self)


contests = st.sampled_from((*CONTESTS, *CONTESTS, LATE))
read_contests = st.sampled_from((*CONTESTS, BUSY_CONTEST, LATE))
users = st.sampled_from(USERS)
small_points = st.integers(-3, 3)
points = st.one_of(small_points, st.integers(0, 2), small_points, st.sampled_from(EXTREMES))
scores = st.one_of(st.integers(-7, 7), st.integers(-MAX_SCORE, MAX_SCORE))
around = st.sampled_from((0, 0, 1, 2, 3, 4, 201))
some_users = st.lists(st.sampled_from((*USERS, "nobody", "none")), min_size=1, unique=True)
scopes = st.sampled_from((pb.WATCH_SCOPE_TOP, pb.WATCH_SCOPE_ALL, pb.WATCH_SCOPE_USERS))
watched_limits = st.integers(1, 3)
rules = st.fixed_dictionaries({name: st.sampled_from(some) for name, some in RULES.items()})
new_settings = st.builds(
    Settings,
    display_name=st.sampled_from(("", "", "Cup")),
    rules=st.sampled_from([rules for some in RULES.values() for rules in some]),
    starts_at=st.sampled_from((None, None, None, Time.LONG_AGO, Time.FAR_AHEAD)),
    ends_at=st.sampled_from((None, None, None, Time.FURTHER_AHEAD, Time.NOT_SO_LONG_AGO)),
    reset_schedule=st.sampled_from((None, *Schedule)),
    keep_seasons=st.sampled_from((None, None, 0, 2)),
)
names_of_contests = st.sampled_from(("", "Cup", "Zoë \U0001f945"))
modes_of_rules = st.sampled_from((Mode.INCREMENT, Mode.SET, Mode.BEST))
harmless_changes = st.builds(
    SettingsChange,
    display_name=st.none() | names_of_contests,
    rules=st.just({})
    | st.fixed_dictionaries({"default_mode": st.none() | st.sampled_from(list(Mode)[1:])}),
).filter(lambda change: change.rules or change.display_name is not None)
"""Changes that reject no update."""
changed_bounds = st.fixed_dictionaries(
    {},
    optional={
        "min_score": st.none() | st.integers(-3, 1),
        "max_score": st.none() | st.integers(0, 4),
        "max_points": st.none() | st.integers(1, 4),
    },
).filter(bool)
changed_orders = st.fixed_dictionaries(
    {},
    optional={
        "order": st.none() | st.sampled_from(Order),
        "tie_break": st.none() | st.sampled_from(TieBreak),
        "rank_style": st.none() | st.sampled_from(RankStyle),
    },
).filter(bool)
times = st.sampled_from(
    (
        {"starts_at": None, "ends_at": None},
        {"starts_at": None, "ends_at": None},
        {"ends_at": None},
        {"starts_at": Time.LONG_AGO},
        {"starts_at": Time.FAR_AHEAD},
        {"starts_at": Time.FAR_AHEAD, "ends_at": Time.FURTHER_AHEAD},
        {"ends_at": Time.FAR_AHEAD},
        {"ends_at": Time.NOT_SO_LONG_AGO},
        {"starts_at": Time.LONG_AGO, "ends_at": Time.NOT_SO_LONG_AGO},
    )
)
"""Changes of times; about every second one leaves a contest open."""
changes = st.one_of(
    harmless_changes, st.builds(SettingsChange, rules=changed_bounds | changed_orders)
)
servers = st.integers(0, SERVERS - 1)
states = st.none() | st.sampled_from(ContestState)
wanted = st.sampled_from(Wanted)


def sometimes_without_name(update: Update) -> st.SearchStrategy[Update]:
    """Clear the name in some of the updates that bring none."""
    if update.display_name:
        return st.just(update)
    clear = st.sampled_from((False, False, False, True))
    return clear.map(lambda cleared: replace(update, clear_display_name=cleared))


updates = st.builds(
    Update,
    contest_id=contests,
    user_id=users,
    points=points,
    mode=st.sampled_from(Mode),
    request_id=st.sampled_from(REQUEST_IDS),
    event_type=st.sampled_from(("", "", "goal", "0")),
    event_time=st.sampled_from(EVENT_TIMES),
    display_name=st.sampled_from(NAMES),
    attributes=st.sampled_from(ATTRIBUTES),
    season=st.sampled_from((*[0] * 9, 1, 1, 2, 3)),
).flatmap(sometimes_without_name)
busy_updates = st.builds(
    Update,
    contest_id=st.just(BUSY_CONTEST),
    user_id=users,
    points=small_points,
    mode=st.sampled_from(Mode),
    request_id=st.sampled_from(REQUEST_IDS),
    display_name=st.sampled_from(NAMES),
    attributes=st.sampled_from(ATTRIBUTES[:5]),
)
alterations = st.one_of(
    st.fixed_dictionaries({"user_id": users}),
    st.fixed_dictionaries({"points": points}),
    st.fixed_dictionaries({"mode": st.sampled_from(Mode)}),
    st.fixed_dictionaries({"event_type": st.just("other")}),
    st.fixed_dictionaries({"event_time": st.sampled_from(EVENT_TIMES)}),
    st.fixed_dictionaries(
        {"display_name": st.just("Other"), "clear_display_name": st.just(value=False)}
    ),
    st.fixed_dictionaries({"attributes": st.sampled_from(ATTRIBUTES)}),
)

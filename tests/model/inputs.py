"""Inputs of the random operations: small pools, so that ties and repeats are the rule."""

from enum import StrEnum

from hypothesis import strategies as st

from model.board import MAX_SCORE
from model.deployment import SERVERS
from model.records import Mode, Update

CONTESTS = ("a", "b")
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
EVENT_TIMES = (
    None,
    (0, 0),
    (1_700_000_000, 1),
    (-62_135_596_800, 0),
    (253_402_300_799, 999_999_999),
)


class Wanted(StrEnum):
    """The `min_position` of a read."""

    NOTHING = "none"
    BEGINNING = "before the first update"
    FIRST = "after the first update"
    PRESENT = "the present one"
    NEXT = "the one after the present"
    FOREIGN = "one of another epoch"


contests = st.sampled_from(CONTESTS)
read_contests = st.sampled_from((*CONTESTS, BUSY_CONTEST))
users = st.sampled_from(USERS)
small_points = st.integers(-2, 3)
points = st.one_of(small_points, st.integers(0, 2), st.sampled_from(EXTREMES))
servers = st.integers(0, SERVERS - 1)
wanted = st.sampled_from(Wanted)
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
)
busy_updates = st.builds(
    Update,
    contest_id=st.just(BUSY_CONTEST),
    user_id=users,
    points=small_points,
    mode=st.sampled_from(Mode),
    request_id=st.sampled_from(REQUEST_IDS),
    display_name=st.sampled_from(NAMES),
)
alterations = st.one_of(
    st.fixed_dictionaries({"user_id": users}),
    st.fixed_dictionaries({"points": points}),
    st.fixed_dictionaries({"mode": st.sampled_from(Mode)}),
    st.fixed_dictionaries({"event_type": st.just("other")}),
    st.fixed_dictionaries({"event_time": st.sampled_from(EVENT_TIMES)}),
    st.fixed_dictionaries({"display_name": st.just("Other")}),
)

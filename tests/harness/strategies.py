"""Random changes of a small board, with many ties and many moves across the first places."""

from hypothesis import strategies as st

from harness.plain_board import Act, Step
from leaderboard_server.domain.rules import Order, RankStyle, Rules, TieBreak

USERS = [f"u{number}" for number in range(12)]

steps = st.builds(
    Step,
    st.sampled_from(USERS),
    st.integers(-3, 3),
    st.sampled_from(["", "", "", "Ada", "Bo"]),
)

departures = st.builds(
    Step,
    st.sampled_from(USERS),
    st.just(0),
    st.just(""),
    st.sampled_from([Act.REMOVE, Act.HIDE, Act.UNHIDE]),
)

commits = st.lists(st.lists(steps, min_size=1, max_size=4), max_size=25)

moderated_commits = st.lists(st.lists(steps | departures, min_size=1, max_size=4), max_size=25)

rules = st.builds(
    Rules, st.sampled_from(Order), st.sampled_from(TieBreak), st.sampled_from(RankStyle)
)

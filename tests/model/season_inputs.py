"""Inputs of the random operations on seasons."""

from enum import StrEnum

from hypothesis import strategies as st

from model.contest_records import Schedule
from model.inputs import RULES, updates


class Reset(StrEnum):
    """The season that is meant when one is ended."""

    CURRENT = "the current one"
    BEFORE = "the one before"
    NEXT = "the next one"

    def of(self, current: int) -> int:
        """Return its number."""
        numbers = {Reset.CURRENT: current, Reset.BEFORE: current - 1, Reset.NEXT: current + 1}
        return max(1, numbers[self])


schedules = st.lists(
    st.sampled_from((None, Schedule.MINUTES, *Schedule)), min_size=len(RULES), max_size=len(RULES)
)
changed_seasons = st.fixed_dictionaries(
    {},
    optional={
        "reset_schedule": st.sampled_from((None, *Schedule)),
        "keep_seasons": st.sampled_from((None, None, 0, 1, 2, 1000)),
    },
).filter(bool)
played = st.lists(st.lists(updates, min_size=1, max_size=4), min_size=1, max_size=3)
"""Updates of one contest, for each of several seasons."""
advances = st.sampled_from((20_000, 60_000, 600_000, 3_600_000, 86_400_000))
"""Times that pass, in ms. None leads to right before the end of a season, at which servers read."""
read_seasons = st.sampled_from((-1, -1, 1, 1, 2, 2, 3, 4, 7))

"""Random changes of a small board, with many ties and many moves across the first ranks."""

from hypothesis import strategies as st

from harness.plain_board import Step

USERS = [f"u{number}" for number in range(12)]

steps = st.builds(
    Step,
    st.sampled_from(USERS),
    st.integers(-3, 3),
    st.sampled_from(["", "", "", "Ada", "Bo"]),
)

commits = st.lists(st.lists(steps, min_size=1, max_size=4), max_size=25)

"""Batches of calls compared with a plain model through random operations and faults."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from board.batcher_machine import BatcherMachine

_SHORT = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
_LONG = settings(
    _SHORT,
    max_examples=5_000,
    derandomize=False,
    phases=tuple(Phase),
    print_blob=True,
)


@pytest.mark.parametrize(
    "profile", [_SHORT, pytest.param(_LONG, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_batches_are_those_of_the_model(profile: settings) -> None:
    """Each open call has exactly one result, a contest one call in flight, and close ends."""
    run_state_machine_as_test(BatcherMachine, settings=profile)

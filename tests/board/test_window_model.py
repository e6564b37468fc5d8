"""Top windows compared with the store through random commits, faults and lost histories."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from board.window_machine import DEPTH, SPARE, Deployment, WindowMachine
from harness.stores import Flavour, StoreProcess
from leaderboard_server.board import boards, live_board, top_window
from leaderboard_server.replication import log_follower, log_followers
from model.background import BackgroundLoop

_SHORT = settings(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
_LONG = settings(
    _SHORT,
    max_examples=600,
    stateful_step_count=60,
    derandomize=False,
    phases=(*_SHORT.phases, Phase.shrink),
    print_blob=True,
)


@pytest.fixture(name="deployment", scope="module")
def _deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Yield two servers that keep small windows, and compare their followers often."""
    store = StoreProcess(Flavour.VALKEY, tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch, BackgroundLoop() as loop:
        patch.setattr(boards, "DEPTH", DEPTH)
        for module in (live_board, top_window):
            patch.setattr(module, "SPARE", SPARE)
        patch.setattr(log_followers, "VERIFY_S", 0.1)
        patch.setattr(log_follower, "IN_FLIGHT_S", 0.05)
        loop.run(store.start())
        deployment = Deployment(loop, store)
        with deployment.running():
            yield deployment
        store.end()


def _compare(deployment: Deployment, profile: settings) -> None:
    class Machine(WindowMachine):
        def __init__(self) -> None:
            super().__init__(deployment)

    try:
        run_state_machine_as_test(Machine, settings=profile)
    except Exception:
        if deployment.failures:
            raise deployment.failures[0] from None
        raise


def test_windows_equal_the_store(deployment: Deployment) -> None:
    """Every page equals the store's at its position, and positions of one server never fall."""
    _compare(deployment, _SHORT)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_windows_equal_the_store_in_a_long_search(deployment: Deployment) -> None:
    """A long search finds no difference either."""
    _compare(deployment, _LONG)

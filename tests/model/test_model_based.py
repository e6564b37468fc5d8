"""Random operations on the real service and on the model, with equal answers."""

import os
import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from harness.cluster_store import ClusterStore, Store
from harness.stores import Flavour, StoreProcess
from model.board import Service
from model.deployment import Deployment, Fault
from model.fake_store import FakeStore
from model.machine import ServiceMachine
from model.records import (
    Mode,
    Update,
)

_AS_FOUND = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
_SHRUNK = settings(_AS_FOUND, phases=(*_AS_FOUND.phases, Phase.shrink), report_multiple_bugs=False)
PROFILES = {
    "default": settings(_AS_FOUND, derandomize=True),
    "ci": settings(_AS_FOUND, print_blob=True),
    "minimal": settings(_SHRUNK, derandomize=True),
    "thorough": settings(_SHRUNK, max_examples=600, stateful_step_count=60),
}
"""Profiles: the same runs each time; as many new runs; the same runs with a difference reduced to
the fewest steps, which takes minutes; a long search.

The environment variable LEADERBOARD_MODEL_PROFILE names the one that the suite uses.
"""

LARGE_BOARD = 1250
MAX_BATCH = 1000


STORES = [
    "valkey",
    "redis",
    "valkey-cluster",
    pytest.param("redis-cluster", marks=pytest.mark.slow),
    pytest.param("fakeredis", marks=pytest.mark.slow),
]
"""The stores of the service. The fake takes longer than the real ones."""


@pytest.fixture(name="deployment", scope="module", params=STORES)
def _deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp(request.param)
    name, _, is_cluster = request.param.partition("-")
    if name == "fakeredis":
        store: FakeStore | Store = FakeStore()
    else:
        kind = ClusterStore if is_cluster else StoreProcess
        store = kind(Flavour(name), folder / "store")
    with Deployment(store, folder) as deployment:
        yield deployment


def compare(deployment: Deployment, profile: settings) -> None:
    """Run the machine on a deployment, without faults and then with each of them."""
    run_machine(deployment, None, profile)
    fewer = settings(profile, max_examples=profile.max_examples // 5)
    for fault in deployment.faults:
        run_machine(deployment, fault, fewer)


def run_machine(deployment: Deployment, fault: Fault | None, profile: settings) -> None:
    """Run the machine with one fault, or without."""

    class Machine(ServiceMachine):
        def __init__(self) -> None:
            super().__init__(deployment, fault)

    run_state_machine_as_test(Machine, settings=profile)


def compare_large_boards(deployment: Deployment, updates: int) -> None:
    """Fill a board beyond the largest page, then change it and compare pages after each change."""
    chance = random.Random(0)
    model, contest = Service(), deployment.new_name()
    for first in range(0, LARGE_BOARD, MAX_BATCH):
        batch = [
            Update(contest_id=contest, user_id=f"u{number}", points=chance.randint(0, 40))
            for number in range(first, min(first + MAX_BATCH, LARGE_BOARD))
        ]
        assert deployment.servers[0].batch(batch) == model.batch(batch)
    for _ in range(updates):
        update = Update(
            contest_id=contest,
            user_id=f"u{chance.randrange(LARGE_BOARD + 50)}",
            points=chance.choice((-30, -1, 0, 1, 2, 30)),
            mode=chance.choice(list(Mode)),
        )
        assert chance.choice(deployment.servers).update(update) == model.update(update)
        for server in deployment.servers:
            limit = chance.choice((1, 30, 1000))
            start = chance.choice((1, 2, 500, 990, 1000, 1001, 1090, LARGE_BOARD))
            present = model.position(contest)
            page = server.top(contest, limit=limit, start_rank=start, min_position=present)
            assert page == model.top(contest, limit=limit, start_rank=start)


@pytest.mark.timeout(900)
def test_service_does_what_the_model_does(deployment: Deployment) -> None:
    """Every answer of two servers on one store equals that of the model."""
    compare(deployment, PROFILES[os.environ.get("LEADERBOARD_MODEL_PROFILE", "default")])


def test_board_of_many_pages_is_like_the_model(deployment: Deployment) -> None:
    """Every page stays correct while users enter and leave its ranks."""
    compare_large_boards(deployment, updates=25)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_board_of_many_pages_is_like_the_model_after_many_changes(deployment: Deployment) -> None:
    """Every page stays correct while so many users leave that the window is filled again."""
    compare_large_boards(deployment, updates=1000)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_service_does_what_the_model_does_in_a_long_search(deployment: Deployment) -> None:
    """A long search finds no difference from the model."""
    compare(deployment, PROFILES["thorough"])

"""Contests are registered before they begin, also where their entries are on another shard."""

from collections.abc import Callable, Hashable
from typing import Any, cast

import pytest

from leaderboard_server.callbacks import Done
from leaderboard_server.domain.errors import StoreFailure, StoreFull, StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.storage.contest_scripts import ContestScripts, Read
from leaderboard_server.storage.registration import Registration
from leaderboard_server.storage.registry import ContestRegistry
from leaderboard_server.storage.script_runner import ScriptRunner
from leaderboard_server.storage.store_connection import StoreConnection

CONTEST = "cup"


class Shards:
    """
    A store with a registry on one shard and contests on another.

    Attributes:
        registry_shard: What stands for the shard of the registry.
        error: The error of registrations, if any.
        position: The position of the contest, or the error of reading it.
        registered: The contests that were registered, in order.
        reads: The number of reads of the position.
    """

    def __init__(self) -> None:
        self.registry_shard: Hashable = "one"
        self.error: StoreFailure | None = None
        self.position: Position | StoreFailure = BEGINNING
        self.registered: list[str] = []
        self.reads = 0

    def shard_of(self, _key: str) -> Hashable:
        """See `StoreConnection.shard_of`."""
        return self.registry_shard

    def start(
        self,
        _script: object,
        parameters: Callable[[], tuple[Any, ...]],
        _decode: object,
        done: Done[int],
    ) -> None:
        """See `ScriptRunner.start`."""
        if not self.error:
            self.registered.append(parameters()[-1])
        done(self.error or 1)

    def start_read(self, _script: object, _contest_id: str, done: Done[Read]) -> None:
        """See `ContestScripts.start_read`."""
        self.reads += 1
        done(self.position if isinstance(self.position, StoreFailure) else Read(self.position, []))


@pytest.fixture(name="shards")
def _shards() -> Shards:
    """Return the store."""
    return Shards()


@pytest.fixture(name="registry")
def _registry(shards: Shards) -> ContestRegistry:
    """Return its registry."""
    runner = cast("ScriptRunner", shards)
    return ContestRegistry(runner, runner, cast("StoreConnection", shards))


@pytest.fixture(name="registration")
def _registration(shards: Shards, registry: ContestRegistry) -> Registration:
    """Return what registers its contests, which are on the shard `two`."""
    return Registration(registry, cast("ContestScripts", shards), lambda _: "two")


async def test_new_contest(
    shards: Shards, registry: ContestRegistry, registration: Registration
) -> None:
    """It is registered, and known to be from then on."""
    await registration.run(CONTEST)
    assert shards.registered == [CONTEST]
    assert registry.knows(CONTEST)
    assert not shards.reads


@pytest.mark.parametrize("error", [StoreUnavailable(), StoreFull()], ids=["away", "full"])
async def test_contest_that_exists(
    shards: Shards, registry: ContestRegistry, registration: Registration, error: StoreFailure
) -> None:
    """It needs no registration while the shard of its entry is away or full."""
    shards.error, shards.position = error, Position("e", 1)
    await registration.run(CONTEST)
    assert registry.knows(CONTEST)


@pytest.mark.parametrize("position", [BEGINNING, StoreUnavailable()], ids=["none", "away"])
async def test_contest_that_may_not_exist(
    shards: Shards,
    registry: ContestRegistry,
    registration: Registration,
    position: Position | StoreFailure,
) -> None:
    """It can't begin while it can't be registered: it would be in no list."""
    shards.error, shards.position = StoreFull(), position
    with pytest.raises(StoreFull):
        await registration.run(CONTEST)
    assert not registry.knows(CONTEST)


async def test_shard_that_has_both_is_asked_once(
    shards: Shards, registration: Registration
) -> None:
    """Where the contest is on the same shard nothing more is read of it."""
    shards.registry_shard, shards.error = "two", StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await registration.run(CONTEST)
    assert not shards.reads


async def test_entry_that_another_node_took_over(shards: Shards, registry: ContestRegistry) -> None:
    """A contest is not known to be registered there: a replica may lack what was written last."""
    await registry.register(CONTEST)
    shards.registry_shard = "its replica"
    assert not registry.knows(CONTEST)

    await registry.register(CONTEST)
    assert registry.knows(CONTEST)
    assert shards.registered == [CONTEST] * 2

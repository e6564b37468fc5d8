"""The kinds of stores that tests run on: a node, or a cluster, of Valkey and of Redis."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from harness.cluster_store import ClusterStore
from harness.stores import Flavour


class ClusterKind(NamedTuple):
    """A kind of cluster.

    Attributes:
        flavour: That of all nodes.
        is_own: Whether a test gets one of its own, which it may stop and freeze. Otherwise it gets
            an empty one that further tests use.
    """

    flavour: Flavour
    is_own: bool = False

    def __str__(self) -> str:
        return f"{self.flavour}-cluster"


def on_a_cluster_too(
    fixture: str, *other: Flavour, is_own: bool = False, is_slow: bool = False
) -> pytest.MarkDecorator:
    """
    Run a test on clusters too; on that of Redis it is slow.

    Args:
        fixture: The fixture of the store: `shared_store`, `own_store` or `each_store`.
        other: The other stores that the fixture gives.
        is_own: See `ClusterKind`.
        is_slow: Whether it is slow on each cluster.
    """
    clusters = [
        pytest.param(
            ClusterKind(flavour, is_own),
            marks=[pytest.mark.slow] if is_slow or flavour is Flavour.REDIS else [],
        )
        for flavour in Flavour
    ]
    return pytest.mark.parametrize(fixture, [*other, *clusters], indirect=True, ids=str)


def run_on_clusters_too(metafunc: pytest.Metafunc) -> None:
    """
    Run a test on clusters too, whichever fixture of a store it uses; there it is slow.

    For the hook `pytest_generate_tests` of a folder, before other hooks. Tests do not break the
    store of `shared_store` and `own_store` there, but that of `each_store`.
    """
    fixtures: dict[str, tuple[Sequence[Flavour], bool]] = {
        "shared_store": (list(Flavour), False),
        "own_store": ([Flavour.VALKEY], False),
        "each_store": (list(Flavour), True),
    }
    for fixture, (other, is_own) in fixtures.items():
        if fixture in metafunc.fixturenames:
            mark = on_a_cluster_too(fixture, *other, is_own=is_own, is_slow=True)
            metafunc.definition.add_marker(mark)


def is_of_a_cluster(parameters: dict[str, Any]) -> bool:
    """Return whether a test with these parameters runs on a cluster."""
    return any(isinstance(value, ClusterKind) for value in parameters.values())


class SharedClusters:
    """A cluster of each flavour, which starts when it is used for the first time."""

    def __init__(self, new_folder: Callable[[str], Path]) -> None:
        self._new_folder = new_folder
        self._clusters: dict[Flavour, ClusterStore] = {}

    async def empty(self, flavour: Flavour) -> ClusterStore:
        """Return the cluster of a flavour without data."""
        if flavour not in self._clusters:
            cluster = ClusterStore(flavour, self._new_folder(f"{flavour}-cluster"))
            self._clusters[flavour] = cluster
            await cluster.start()
        cluster = self._clusters[flavour]
        async with cluster.client() as client:
            await client.flushall()
        return cluster

    def end(self) -> None:
        """End all of them."""
        for cluster in self._clusters.values():
            cluster.end()

"""Compares a cluster with what the service needs, beyond the checks of each node."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from redis.exceptions import NoPermissionError

from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.node import ClusterNode
from leaderboard_server.storage.store_checks import Finding, Severity
from leaderboard_server.storage.store_facts import StoreFacts

_NO_FAILOVER, _MIN_REPLICAS = "cluster-replica-no-failover", "min-replicas-to-write"
_SHOWN = 3
"""How many nodes that do not reply are named."""
_NO_RIGHT = "no permissions"
"""A part of the reply to a user who may not ask for the nodes."""
_NO_CLUSTER = "cluster support disabled"
"""A part of the reply of a store that is no node of a cluster."""


class Absence(NamedTuple):
    """Why a cluster, or nodes of it, can't be used, and what to do about it."""

    reason: str
    to_do: str


def absence_of(cluster: Cluster) -> Absence:
    """Explain a cluster of which shards do not reply, or whose shards are not known."""
    errors = [node.away() for node in cluster.masters or cluster.nodes if node.away]
    reason = _joined(errors)
    if _NO_RIGHT in reason:
        return Absence(reason, "give the user the rights in docs/cluster.md on every node")
    if any(isinstance(error, NoPermissionError) for error in errors):
        return Absence(reason, "check user and password of --redis-url, or --redis-password-file")
    if _NO_CLUSTER in reason:
        return Absence(reason, "name a store that is no cluster as redis:// in --redis-url")
    if errors:
        return Absence(reason, "start the nodes, or check the addresses in --redis-url")
    unserved = cluster.owners.count(None)
    to_do = f"redis-cli --cluster {'fix' if cluster.masters else 'create'} gives slots to nodes"
    return Absence(f"no node serves {unserved:,} of the slots", to_do)


def check_replicas(cluster: Cluster, master: ClusterNode) -> list[Finding]:
    """Return what is wrong with the replicas of a node that serves slots."""
    replicas = cluster.replicas_of(master)
    if any(not replica.away for replica in replicas):
        return []
    errors = [replica.away() for replica in replicas if replica.away]
    reason = f"no replica replies: {_joined(errors)}" if errors else "it has no replica"
    reason += ", so its contests are refused while it is away"
    if any(isinstance(error, NoPermissionError) for error in errors):
        to_do = "give each replica the user in docs/cluster.md: nodes don't copy users"
    else:
        to_do = "start its replica, or add one; see docs/cluster.md"
    return [Finding("store_without_replica", Severity.WARNING, "replicas", reason, to_do)]


def _joined(errors: Sequence[Exception]) -> str:
    shown = "; ".join(map(str, errors[:_SHOWN]))
    return f"{shown} and {len(errors) - _SHOWN} more" if len(errors) > _SHOWN else shown


def failover_policy(facts: Iterable[StoreFacts]) -> str | None:
    """Return what a cluster does where a master is lost, by its settings; None if unknown."""
    settings = [dict(each.settings) for each in facts]
    no_failover = {each.get(_NO_FAILOVER) for each in settings} - {None}
    replicas = {each.get(_MIN_REPLICAS) for each in settings} - {None}
    if not no_failover:
        return None
    if len(no_failover) > 1:
        policy = "some replicas take over from a master that is lost, and others do not"
    elif no_failover == {"yes"}:
        policy = (
            "no replica takes over by itself, so contests of a master that is lost are refused"
            " until it is back, and no acknowledged write is lost"
        )
    else:
        policy = (
            "a replica takes over from a master that is lost, and acknowledged writes that it"
            " lacked are lost"
        )
    values = f"{_NO_FAILOVER} {_values(no_failover)}, {_MIN_REPLICAS} {_values(replicas)}"
    return f"{policy} ({values})"


def _values(values: Iterable[str | None]) -> str:
    return " or ".join(sorted(filter(None, values)))


def slot_ranges(slots: Iterable[int]) -> Iterator[str]:
    """Yield the ranges of slots in rising order, such as `0-5460`."""
    numbered: Sequence[tuple[int, int]] = list(enumerate(sorted(slots)))
    for _, run in groupby(numbered, key=lambda pair: pair[1] - pair[0]):
        members = [slot for _, slot in run]
        yield f"{members[0]}-{members[-1]}" if len(members) > 1 else str(members[0])

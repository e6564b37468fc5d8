"""Checks the store for `leaderboard doctor`, as a server does at its start."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from leaderboard_server.storage.cluster.inspection import (
    ClusterInspection,
    NodeInspection,
    inspect_cluster,
)
from leaderboard_server.storage.cluster.topology import SLOTS
from leaderboard_server.storage.cluster.url import SCHEMES as CLUSTER_SCHEMES
from leaderboard_server.storage.connection import StoreUrlInvalid
from leaderboard_server.storage.password_file import PasswordFileUnusable
from leaderboard_server.storage.store_checks import Finding, Severity, check, inspect_store
from leaderboard_server.storage.store_facts import StoreFacts
from leaderboard_server.storage.store_name import store_name

_VERDICTS = {Severity.ERROR: "FAIL", Severity.WARNING: "WARN", Severity.INFO: "UNKNOWN"}
_CHECK = "store itself"
_CLOSE_SLOT = (
    "wait until it is moved, or close it: redis-cli --cluster fix, or CLUSTER SETSLOT {} STABLE on"
    " both nodes; see docs/cluster.md"
)


def check_store(url: str, password_file: Path | None) -> list[dict[str, str]]:
    """Return the results of all checks of the store at a URL, whose secrets are not shown."""
    results = _cluster_results if url.startswith(CLUSTER_SCHEMES) else _store_results
    try:
        return list(results(url, password_file))
    except StoreUrlInvalid as error:
        return [_result(_CHECK, "FAIL", str(error), "see docs/configuration.md, --redis-url")]
    except PasswordFileUnusable as error:
        return [_result(_CHECK, "FAIL", str(error), "check --redis-password-file")]
    except OSError as error:
        found = f"{store_name(url)} does not serve: {error}"
        to_do = "start the store, or check its address, user and password"
        return [_result(_CHECK, "FAIL", found, to_do)]


def _store_results(url: str, password_file: Path | None) -> Iterator[dict[str, str]]:
    facts = asyncio.run(inspect_store(url, password_file))
    yield _result(_CHECK, "OK", f"{store_name(url)} is {_words(facts)}")
    for finding in check(facts):
        yield _of_finding(finding)


def _cluster_results(url: str, password_file: Path | None) -> Iterator[dict[str, str]]:
    cluster = asyncio.run(inspect_cluster(url, password_file))
    yield _result(_CHECK, "OK", f"{store_name(url)} is {_cluster_words(cluster)}")
    if cluster.unserved:
        found = f"no node serves {', '.join(cluster.unserved)}: their contests are refused"
        to_do = "give them to a node: redis-cli --cluster fix; see docs/cluster.md"
        yield _result("store slots", "FAIL", found, to_do)
    for slot, source, target in cluster.open_slots:
        found = f"open: it is being moved from {source} to {target}, or the move was given up"
        yield _result(f"store slot {slot}", "WARN", found, _CLOSE_SLOT.format(slot))
    if cluster.failover_policy:
        yield _result("store failover", "OK", cluster.failover_policy)
    for node in cluster.nodes:
        yield _of_node(node)
        for finding in node.findings:
            yield _of_finding(finding, f" of {node.name}")


def _of_node(node: NodeInspection) -> dict[str, str]:
    name = f"store node {node.name}"
    shard = f"{node.slots:,} slots" if node.slots else "no slots"
    if node.facts:
        return _result(name, "OK", f"{shard}, {_words(node.facts)}")
    found = f"{shard}, and does not reply: {node.problem}"
    verdict = "FAIL" if node.slots else "WARN"
    return _result(name, verdict, found, "start it, or look at its log and its machine")


def _cluster_words(cluster: ClusterInspection) -> str:
    served = [node for node in cluster.nodes if node.slots]
    shards = f"{len(served)} {'shard' if len(served) == 1 else 'shards'}"
    slots = sum(node.slots for node in served if node.facts)
    replicas = sum(node.replicas for node in served)
    versions = sorted({node.facts.version or "unknown" for node in cluster.nodes if node.facts})
    return (
        f"a cluster of {shards} with {replicas} {'replica' if replicas == 1 else 'replicas'},"
        f" {slots:,} of {SLOTS:,} slots served, {' and '.join(versions)}"
    )


def _of_finding(finding: Finding, where: str = "") -> dict[str, str]:
    verdict = _VERDICTS[finding.severity]
    return _result(f"store {finding.subject}{where}", verdict, finding.reason, finding.to_do)


def _words(facts: StoreFacts) -> str:
    role = {True: "primary", False: "replica", None: "role unknown"}[facts.is_primary]
    settings = [f"{name} {value}" for name, value in facts.settings if value is not None]
    return ", ".join([facts.version or "of an unknown version", role, *settings])


def _result(name: str, verdict: str, found: str, to_do: str = "") -> dict[str, str]:
    return {"check": name, "verdict": verdict, "found": found, "to_do": to_do}

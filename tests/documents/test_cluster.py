"""The commands, rights and settings of `docs/cluster.md` do what the page says."""

import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from conftest import require
from documents.every_call import use_contests, use_scores
from documents.operations import PROJECT, Operator, block, lines, require_redis_cli
from documents.session import Block, blocks, fenced
from harness.calls import add, top
from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.processes import ChildProcess
from harness.service import CHANNEL_OPTIONS
from harness.stores import Flavour
from harness.tls_cluster import HOST, TlsClusterStores
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_server.storage.cluster.inspection import NodeInspection, inspect_cluster
from leaderboard_server.storage.store_checks import Severity
from leaderboard_server.storage.store_facts import FAILOVER_SETTINGS

_PAGE = PROJECT / "docs" / "cluster.md"
_SEEDS = "n1:6379,n2:6379"
_USER_URL = "redis+cluster://leaderboard:secret@n1:6379,n2:6379"
_SERVE = f"={_USER_URL} leaderboard serve"
_TLS_SERVE = "rediss+cluster://"
_ACL = "ACL SETUSER"
_DOCTOR = "leaderboard doctor"
_MIGRATE = "MIGRATESLOTS"
_RESHARD = "--cluster reshard"
_FIX = "--cluster fix"
_STABLE = "866 STABLE"
_ADD = "--cluster add-node"
_REMOVE = "--cluster del-node"
_FAILOVER = "CLUSTER FAILOVER"
_NEW_EPOCH = "leaderboard new-epoch"

_RUN = (
    *(_SERVE, _TLS_SERVE, _ACL, _DOCTOR, _MIGRATE, _RESHARD, _FIX, _STABLE, _ADD, _REMOVE),
    *(_FAILOVER, _NEW_EPOCH),
)
"""The blocks that tests of this module run."""
_SLOT = 866
"""A slot of the first shard."""


def test_every_block_is_run() -> None:
    """Each shell block of the page is run by a test of this module, and there are no others."""
    for each in blocks(_PAGE):
        assert sum(mark in each.command for mark in _RUN) == 1, f"line {each.line}"


def _block(mark: str) -> Block:
    return block(mark, _PAGE)


@pytest_asyncio.fixture(
    name="cluster", params=[Flavour.VALKEY, pytest.param(Flavour.REDIS, marks=pytest.mark.slow)]
)
async def _cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ClusterStores]:
    """Yield a cluster of each kind that the test may change."""
    require_redis_cli()
    require(request.param)
    async with ClusterStores(request.param, tmp_path / "cluster") as cluster:
        yield cluster


def _operator(cluster: ClusterStores, home: Path, replaced: dict[str, str]) -> Operator:
    """Return an operator whose nodes n1, n2, … are those of a cluster."""
    names = {_SEEDS: ",".join(f"127.0.0.1:{node.port}" for node in cluster.nodes[:2])}
    for number, node in reversed(list(enumerate(cluster.nodes, 1))):
        names |= {
            f"n{number}:6379": f"127.0.0.1:{node.port}",
            f"-h n{number} -p 6379": f"-h 127.0.0.1 -p {node.port}",
        }
    return Operator(home, {**replaced, **names})


async def _logged(server: ChildProcess, text: str, times: int = 1) -> None:
    def seen() -> bool:
        assert server.exit_code is None, server.log_tail()
        return server.log.read_text().count(text) >= times

    await eventually(seen, f"{text} in the log", within=30)


async def test_the_user_of_the_servers_has_all_rights(
    cluster: ClusterStores, tmp_path: Path
) -> None:
    """As that user a server passes the checks and makes each call; so do the commands."""
    operator = _operator(cluster, tmp_path / "home", {})
    assert operator.run(_block(_ACL)).count(": OK") == len(cluster.nodes)
    try:
        server = operator.serve(_block(_SERVE))
        await _logged(server, '"store_checked"', times=len(cluster.nodes))
        channel = grpc.aio.insecure_channel(operator.address, options=CHANNEL_OPTIONS)
        stub = LeaderboardServiceStub(channel)
        async with channel, Watcher("cup") as watcher:
            await watcher.open(stub)
            await use_scores(stub)
            await use_contests(channel)
            await watcher.hang_up()
            last = await add(stub, "cup", "bob", 7, "again")
            await watcher.open(stub, resume_after=watcher.checker.position)
            await watcher.reach(last.position)
            for node in cluster.nodes:
                await node.run("SCRIPT FLUSH")
            await use_scores(stub)

            doctor = _block(_DOCTOR)
            shown = operator.run(doctor._replace(command=f"{doctor.command} || true"))
            assert "16,384 of 16,384 slots served" in shown
            assert "FAIL" not in shown
            said = operator.run(_block(_NEW_EPOCH))

            assert said == f"began a new epoch in 3 contests of {cluster.url}\n"
            assert (await top(stub, "cup")).position.epoch != last.position.epoch
            await watcher.snapshot("NEW_EPOCH")
        for line in server.log.read_text().splitlines():
            assert '"level": "info"' in line or '"event": "front_missing"' in line
            assert "secret" not in line
    finally:
        operator.end()


async def test_no_right_is_more_than_a_server_needs(cluster: ClusterStores) -> None:
    """A node at which the user lacks any one of the rights is named, with what is missing."""
    first, *others = cluster.nodes
    words = shlex.split(_block(_ACL).command.replace("\\\n", ""))
    user, *rights = words[words.index("SETUSER") + 1 :]
    for node in others:
        await node.run("ACL", "SETUSER", user, *rights)
    url = cluster.url.replace("://", f"://{user}:secret@")

    for right in rights:
        if right in {"on", ">secret"}:
            continue
        kept = [each for each in rights if each != right]
        await first.run("ACL", "SETUSER", user, "reset", *kept)
        await first.run("CLIENT", "KILL", "USER", user)

        seen = await inspect_cluster(url)

        by_name = {node.name: node for node in seen.nodes}
        assert _names(by_name[f"127.0.0.1:{first.port}"], right), right
        assert all(node.facts for node in seen.nodes if node.name != f"127.0.0.1:{first.port}")


def _names(node: NodeInspection, right: str) -> bool:
    """Return whether the missing right is named."""
    if node.facts is None:
        return right.removeprefix("+") in node.problem
    if right == "+info":
        return ("store_unknown", "role") in [(each.event, each.subject) for each in node.findings]
    wanted = {
        "~leaderboard:contest:*": "leaderboard:contest:{check}",
        "~leaderboard:contests:*": "leaderboard:contests:{0}",
        "&leaderboard:{*}:*": "SSUBSCRIBE leaderboard:{check}:",
    }
    named = wanted.get(right, right.removeprefix("+").replace("|", " ").upper())
    (error,) = [each for each in node.findings if each.severity is Severity.ERROR]
    return named in error.reason


async def test_the_settings_of_the_page_are_those_that_are_checked(cluster: ClusterStores) -> None:
    """Nodes with the settings of the page have no finding, and each checked one is on the page."""
    (body,) = fenced(_PAGE, "conf")
    settings = dict(re.findall(r"^([a-z-]+) (\S+)$", body, re.MULTILINE))
    for node in cluster.nodes:
        for name, value in settings.items():
            await node.run("CONFIG", "SET", name, value)

    seen = await inspect_cluster(cluster.url)

    assert [node.findings for node in seen.nodes] == [[]] * len(cluster.nodes)
    text = _PAGE.read_text(encoding="utf-8")
    assert all(name in text for name in FAILOVER_SETTINGS)
    for each in seen.nodes:
        assert each.facts is not None
        checked = {name for name, _ in each.facts.settings} - {*FAILOVER_SETTINGS}
        assert checked - settings.keys() == {"no-appendfsync-on-rewrite"}  # on the page of stores


async def test_slots_are_moved_and_closed(cluster: ClusterStores, tmp_path: Path) -> None:
    """By the commands of the page: as a whole on Valkey, key by key, and after a broken move."""
    first, second, _ = cluster.masters
    operator = _operator(
        cluster,
        tmp_path / "home",
        {"SOURCE": first.node_id, "TARGET": second.node_id},
    )
    if cluster.flavour is Flavour.VALKEY:
        start, state = lines(_block(_MIGRATE))
        assert operator.run(start).strip() == "OK"
        await eventually(lambda: "success" in operator.run(state), "slots that are moved")
        await eventually(lambda: _slots(cluster, second, 5_481), "20 more slots")
    moved = 20 if cluster.flavour is Flavour.VALKEY else 0

    operator.run(_block(_RESHARD))
    await eventually(lambda: _slots(cluster, second, 5_481 + moved), "20 more slots")

    await _leave_open(first, second)
    operator.run(_block(_STABLE))
    await eventually(lambda: _no_open_slots(cluster), "a closed slot")
    await _leave_open(first, second)
    operator.run(_block(_FIX))
    await eventually(lambda: _no_open_slots(cluster), "a closed slot")


async def _leave_open(source: ClusterNodeProcess, target: ClusterNodeProcess) -> None:
    await target.run("CLUSTER SETSLOT", _SLOT, "IMPORTING", source.node_id)
    await source.run("CLUSTER SETSLOT", _SLOT, "MIGRATING", target.node_id)


async def _slots(cluster: ClusterStores, node: ClusterNodeProcess, count: int) -> bool:
    """Return whether a node serves so many slots, by what all nodes know."""
    seen = await inspect_cluster(cluster.url)
    by_name = {each.name: each.slots for each in seen.nodes}
    return by_name.get(f"127.0.0.1:{node.port}", 0) == count


async def _no_open_slots(cluster: ClusterStores) -> bool:
    return not (await inspect_cluster(cluster.url)).open_slots


async def test_nodes_come_and_go_and_fail_over_as_planned(
    cluster: ClusterStores, tmp_path: Path
) -> None:
    """A master and a replica are added, a replica takes over, and a node is removed."""
    master = cluster.masters[0]
    names = {"MASTER": master.node_id}
    add_master, add_replica = lines(_block(_ADD))

    added = await cluster.start_node()
    _operator(cluster, tmp_path, names).run(add_master)
    await eventually(cluster.all_know_all, "a node that all know", within=20)
    follower = await cluster.start_node()
    names["n1:6379 NODE"] = f"n1:6379 {added.node_id}"
    operator = _operator(cluster, tmp_path, names)
    operator.run(add_replica)
    await eventually(cluster.all_know_all, "a node that all know", within=20)
    await eventually(lambda: _follows(follower, master), "a second replica", within=20)

    assert operator.run(_block(_FAILOVER)).strip() == "OK"
    await eventually(lambda: _slots(cluster, cluster.replicas[0], 5_461), "a failover", within=20)
    operator.run(_block(_REMOVE))

    async def is_gone() -> bool:
        seen = await inspect_cluster(cluster.url)
        return f"127.0.0.1:{added.port}" not in {node.name for node in seen.nodes}

    await eventually(is_gone, "the end of the removed node", within=20)


async def _follows(replica: ClusterNodeProcess, master: ClusterNodeProcess) -> bool:
    view = await replica.view()
    return str(view[replica.node_id]["master_id"]) == master.node_id


async def test_tls_and_announced_names(tmp_path: Path) -> None:
    """Over TLS the nodes are reached by the names that they announce, which certificates need."""
    require(Flavour.REDIS)
    async with TlsClusterStores(tmp_path / "cluster") as cluster:
        for node in cluster.nodes:
            await node.run("ACL", "SETUSER", "leaderboard", "on", ">secret", "~*", "&*", "+@all")
        operator = Operator(
            tmp_path / "home", {_SEEDS: cluster.seeds, "/etc/ca.pem": str(cluster.ca)}
        )
        try:
            server = operator.serve(_block(_TLS_SERVE))
            await _logged(server, '"store_checked"', times=len(cluster.nodes))
            channel = grpc.aio.insecure_channel(operator.address, options=CHANNEL_OPTIONS)
            async with channel:
                await use_scores(LeaderboardServiceStub(channel))
            log = server.log.read_text()
            assert all(f'"node": "{HOST}:{node.port}"' in log for node in cluster.nodes)
            assert "127.0.0.1:" not in log.replace(operator.address, "")
            assert "secret" not in log
        finally:
            operator.end()

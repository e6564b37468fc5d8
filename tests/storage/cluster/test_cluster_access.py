"""Access to a cluster: a password that is changed while servers run, and TLS."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio.connection import RedisSSLContext

from conftest import require
from harness.calls import add, scores
from harness.cluster import ClusterStores
from harness.service import ServiceProcess
from harness.stores import Flavour
from harness.tls_cluster import TlsClusterStores
from harness.waiting import eventually
from leaderboard_server.storage.cluster.inspection import inspect_cluster
from leaderboard_server.storage.cluster.tls import CONTEXT_S, SharedContext
from leaderboard_server.storage.connection import connect_cluster

_OLD, _NEW = "s3cret-of-before", "s3cret-of-now"


@pytest_asyncio.fixture(
    name="cluster", params=[Flavour.VALKEY, pytest.param(Flavour.REDIS, marks=pytest.mark.slow)]
)
async def _cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ClusterStores]:
    """Yield a cluster of each kind, with a user of the servers."""
    require(request.param)
    async with ClusterStores(request.param, tmp_path / "cluster") as cluster:
        await _on_all(cluster, "ACL", "SETUSER", "servers", "on", f">{_OLD}", "~*", "&*", "+@all")
        yield cluster


async def _on_all(cluster: ClusterStores, *command: str) -> None:
    for node in cluster.nodes:
        await node.run(*command)


async def test_the_password_is_changed_without_a_restart(
    cluster: ClusterStores, tmp_path: Path
) -> None:
    """New connections to any node use the new password; no log has either."""
    password = tmp_path / "password"
    password.write_text(f"{_OLD}\n")
    url = cluster.url.replace("://", "://servers@")
    server = ServiceProcess(
        tmp_path / "server", "--redis-password-file", str(password), redis_url=url
    )
    contests = [cluster.contests(shard, 1)[0] for shard in range(3)]
    async with server:
        for contest in contests:
            await add(server.stub, contest, "ada", 1, f"first-{contest}")
        await _on_all(cluster, "ACL", "SETUSER", "servers", f">{_NEW}")
        password.write_text(f"{_NEW}\n")
        await _on_all(cluster, "ACL", "SETUSER", "servers", f"<{_OLD}")
        await _on_all(cluster, "CLIENT", "KILL", "USER", "servers")

        for contest in contests:
            await add(server.stub, contest, "ada", 1, f"second-{contest}")
            assert await scores(server.stub, contest) == {"ada": 2}

        def log() -> str:
            return server.process.log.read_text()

        await eventually(lambda: log().count('"feed_connected"') == 6, "feeds of all nodes")
        assert log().count('"password_renewed"') == 1
        assert "store_unavailable" not in log()
        assert not any(secret in log() for secret in (_OLD, _NEW))


async def test_a_certificate_of_another_ca(tmp_path: Path) -> None:
    """Nodes whose certificates are not trusted are not used, and the reason is said."""
    require(Flavour.REDIS)
    async with TlsClusterStores(tmp_path) as cluster:
        with pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            await inspect_cluster(cluster.url.partition("?")[0])


def test_connections_share_a_context_for_a_minute() -> None:
    """Then the files are read again, so that renewed certificates are used without a restart."""
    now = 0.0
    shared = SharedContext(lambda: now)
    first, second, third = (RedisSSLContext() for _ in range(3))

    assert shared.of(first) is shared.of(second) is first
    now = CONTEXT_S
    assert shared.of(third) is shared.of(first) is third


def test_the_nodes_of_a_cluster_share_the_context() -> None:
    """Not only the connections to one of them."""
    cluster: Any = connect_cluster("rediss+cluster://a:1,b:2?ssl_cert_reqs=none")
    first, second = (
        cluster._connect(seed).connection_pool.make_connection()  # noqa: SLF001 - no socket yet
        for seed in cluster._seeds  # noqa: SLF001
    )

    assert first.ssl_context is second.ssl_context

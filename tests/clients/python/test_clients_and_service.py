"""Both clients against the real service: kills, restarts, dead connections and TLS."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from clients.python.any_client import CLIENTS, AnyClient, call, watched
from clients.python.blackhole_proxy import BlackholeProxy
from harness.calls import scores
from harness.certificates import Authority
from harness.service import ServiceProcess
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_client import (
    DeadlineExceeded,
    FailedPrecondition,
    InvalidRequest,
    NotFound,
    OutOfRange,
    Position,
    RequestIdReused,
    ScoreUpdate,
    Tls,
    Unavailable,
    UpdateMode,
    WatchState,
    WatchUpdate,
    channel_pool,
)

STORM = 40


@pytest_asyncio.fixture(name="both")
async def _both(service: ServiceProcess) -> AsyncIterator[tuple[AnyClient, ...]]:
    """Give a client of each kind."""
    clients: tuple[AnyClient, ...] = tuple(kind(service.address) for kind in CLIENTS)
    yield clients
    for client in clients:
        await call(client, "close")


async def test_all_calls_and_their_errors(both: tuple[AnyClient, ...]) -> None:
    """Each call is answered as the contract says, and each error has its own class."""
    for number, client in enumerate(both):
        cup = f"cup-{number}"
        first = await call(client, "update_score", cup, "ada", 5, request_id="one")
        again = await call(client, "update_score", cup, "ada", 5, request_id="one")
        assert (first.user.score, first.replayed, again.replayed) == (5, False, True)
        best = await call(client, "update_score", cup, "bob", 9, mode=UpdateMode.BEST)
        [taken, refused] = await call(
            client,
            "batch_update_scores",
            [ScoreUpdate(cup, "eve", 1), ScoreUpdate(cup, "not valid", 1)],
        )
        assert taken.user.rank == 3
        assert isinstance(refused, InvalidRequest)
        assert refused.violations[0].field.endswith("user_id")
        board = await call(client, "get_top_users", cup, min_position=best.position)
        assert [row.user_id for row in board.users] == ["bob", "ada", "eve"]
        rank = await call(client, "get_user_rank", cup, "ada", neighbors=1)
        assert [row.user_id for row in rank.neighbors] == ["bob", "eve"]
        assert (rank.total_users, rank.percentile) == (3, 50.0)

        with pytest.raises(RequestIdReused):
            await call(client, "update_score", cup, "ada", 6, request_id="one")
        with pytest.raises(OutOfRange) as out:
            await call(client, "update_score", cup, "ada", 2**53)
        assert out.value.metadata["maxScore"] == str(2**53)
        with pytest.raises(NotFound):
            await call(client, "get_user_rank", cup, "nobody")
        with pytest.raises(FailedPrecondition):
            await call(client, "get_top_users", cup, min_position=Position("other", 1))


async def test_a_storm_through_kills_counts_once(
    service: ServiceProcess, both: tuple[AnyClient, ...]
) -> None:
    """While the service is killed and restarted, calls and buffers count each write once."""
    first, second = both
    buffers = [client.score_buffer(batch_size=5, linger=0.0) for client in both]
    acknowledged = 0

    async def write(client: AnyClient) -> None:
        nonlocal acknowledged
        for _ in range(STORM):
            await call(client, "update_score", "cup", "called", 1, timeout=30)
            acknowledged += 1

    async def gather_updates() -> None:
        for _ in range(4 * STORM):
            for buffer in buffers:
                await call(buffer, "add", ScoreUpdate("cup", "buffered", 1))
            await asyncio.sleep(0)

    writing = asyncio.gather(*(write(client) for client in (first, first, second, second)))
    adding = asyncio.create_task(gather_updates())
    await eventually(lambda: acknowledged > STORM, "a quarter of the writes")
    await service.kill()
    await service.start()
    await writing
    await adding
    for buffer in buffers:
        await call(buffer, "close")

    assert await scores(service.stub, "cup") == {"called": 4 * STORM, "buffered": 8 * STORM}
    assert [(buffer.acknowledged, buffer.refused) for buffer in buffers] == [(4 * STORM, 0)] * 2


async def test_watches_go_on_through_a_kill(
    service: ServiceProcess, both: tuple[AnyClient, ...]
) -> None:
    """While the service is killed and restarted, watches miss no change and repeat none."""
    received: list[list[WatchUpdate]] = [[] for _ in both]

    async def follow(client: AnyClient, updates: list[WatchUpdate]) -> None:
        async for update in watched(client, "cup", limit=3):
            updates.append(update)
            if update.rows and update.rows[0].score == 30:
                return

    following = asyncio.gather(*map(follow, both, received))
    for updates in received:
        await eventually(lambda seen=updates: seen[-1:] and seen[-1].position, "the beginning")  # type: ignore[misc]
    for number in range(30):
        if number == 10:
            await service.kill()
            await service.start()
        await call(both[number % 2], "update_score", "cup", "ada", 1)
    await asyncio.wait_for(following, 20)

    for updates in received:
        assert sum(change.points for update in updates for change in update.changes) == 30
        assert WatchState.RECONNECTING in {update.state for update in updates}
        assert sum(update.snapshot_reason is not None for update in updates) == 1


async def test_a_dead_connection_is_replaced(
    service: ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an unanswered call over a connection that died unnoticed, others get a new one."""
    monkeypatch.setattr(channel_pool, "IDLE_LIMIT", 0.3)
    for number, kind in enumerate(CLIENTS):
        async with BlackholeProxy(service.address) as proxy:
            client: AnyClient = kind(proxy.address)
            cup = f"cup-{number}"
            await call(client, "update_score", cup, "ada", 1)
            proxy.drop_all()
            with pytest.raises(DeadlineExceeded):
                await call(client, "update_score", cup, "ada", 1, request_id="lost", timeout=0.4)
            proxy.forward_new()
            result = await call(client, "update_score", cup, "ada", 1, request_id="lost")
            await call(client, "close")

        assert result.user.score == 2


async def test_tls_and_tokens(own_store: StoreProcess, tmp_path: Path) -> None:
    """Calls and watches work over TLS, with client certificates and tokens."""
    authority = Authority()
    chain, key, trusted = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    authority.write(chain, key)
    trusted.write_bytes(authority.pem)
    tls = Tls(
        authorities=authority.pem,
        certificate=b"".join(part.bytes() for part in authority.caller.cert_chain_pems),
        key=authority.caller.private_key_pem.bytes(),
    )
    async with ServiceProcess(
        tmp_path / "service",
        *("--tls-cert", str(chain), "--tls-key", str(key), "--tls-client-ca", str(trusted)),
        redis_url=own_store.url,
        credentials=authority.certified(),
    ) as service:
        for kind in CLIENTS:
            client: AnyClient = kind(service.address, tls=tls, token=lambda: "secret")
            await call(client, "update_score", "cup", "ada", 1)
            async for update in watched(client, "cup"):
                if update.rows:
                    break
            await call(client, "close")
            stranger: AnyClient = kind(service.address, tls=Tls(authorities=authority.pem))
            with pytest.raises(Unavailable):
                await call(stranger, "get_top_users", "cup", timeout=1)
            await call(stranger, "close")

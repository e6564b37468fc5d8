"""`doctor` finds the problems of a server, and says what to do."""

import asyncio
import json
from email.utils import formatdate
from pathlib import Path
from time import time

import pytest
from google.rpc import code_pb2

from cli.conftest import Run
from cli.doctor_results import found
from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from harness.service import ServiceProcess
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_cli.failures import ExitCode

pytestmark = pytest.mark.usefixtures("unhurried")

HEALTHY = {
    "versions here": "OK",
    "reachable": "OK",
    "encryption": "OK",
    "health of the server": "OK",
    "health of LeaderboardService": "OK",
    "contract": "OK",
    "clock": "UNKNOWN",
    "store": "OK",
    "latency of Health.Check": "OK",
    "latency of GetTopUsers": "OK",
    "latency of GetUserRank": "OK",
}
"""The verdicts of a healthy server."""


def verdicts(run: Run, *arguments: str) -> dict[str, str]:
    """Return the verdicts by the checks."""
    return {name: check["verdict"] for name, check in found(run, *arguments).items()}


async def test_a_real_server_is_healthy(
    service: ServiceProcess, own_store: StoreProcess, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real server passes all checks, with a write; without its store the failures are shown."""
    monkeypatch.setenv("LEADERBOARD_SERVER", service.address)

    outcome = run("doctor", "--json", "--write")
    report = json.loads(outcome.out)
    checks = {check["check"]: check for check in report["checks"]}

    assert {name: each["verdict"] for name, each in checks.items()} == {**HEALTHY, "write": "OK"}
    assert (outcome.code, report["worst"]) == (ExitCode.OK, "UNKNOWN")
    assert checks["contract"]["found"] == "leaderboard.v1, the same as here"
    assert checks["latency of GetUserRank"]["numbers"]["calls"] > 0
    assert json.loads(run("rank", "doctor", "scratch", "--json").out)["user"]["score"] == "1"

    await own_store.kill()
    without = run("doctor")

    assert without.code == ExitCode.FAILED
    assert "FAIL   store " in without.out
    assert "(cause: unreachable)" in without.out
    assert "→ start the store" in without.out
    assert without.out.endswith("something does not work; begin with the first FAIL\n")


def test_nothing_is_written_without_the_option(fake: FakeService, run: Run) -> None:
    """Without --write `doctor` only reads; without reflection the contract is unknown."""
    fake.refusals.append(refusal(code_pb2.NOT_FOUND, "nobody", "ERROR_REASON_USER_NOT_FOUND"))

    assert verdicts(run) == {**HEALTHY, "contract": "UNKNOWN"}
    assert fake.received == []


def test_no_server_is_there(run: Run) -> None:
    """A server that can't be reached is one FAIL with advice, and no more checks are made."""
    outcome = run("doctor", "--server", "127.0.0.1:1", "--timeout", "1")

    assert outcome.code == ExitCode.FAILED
    assert "can't reach a leaderboard server at 127.0.0.1:1: Connection refused" in outcome.out
    assert "→ start it with `leaderboard serve`" in outcome.out
    assert "latency" not in outcome.out


def test_a_server_that_does_not_serve(fake: FakeService, run: Run) -> None:
    """Health and store have results of their own."""
    fake.serving = False
    fake.refusals.append(STORE_AWAY)

    checks = found(run)

    assert checks["health of LeaderboardService"]["found"] == "NOT_SERVING"
    assert checks["store"]["found"] == "the store is away"
    assert "latency of GetTopUsers" not in checks


@pytest.mark.parametrize(
    ("cause", "advice"),
    [
        ("unreachable", "start the store"),
        ("timeout", "the store hangs"),
        ("read_only", "the URL of the primary"),
        ("loading", "wait"),
        ("too_few_replicas", "min-replicas-to-write"),
        ("save_failed", "its disk"),
        ("no_rights", "lacks rights"),
        ("other", "the server's log"),
        ("of_a_later_version", "the server's log"),
    ],
)
def test_the_cause_of_an_unavailable_store(
    fake: FakeService, run: Run, cause: str, advice: str
) -> None:
    """The cause that the server names is shown, with advice for it."""
    reason = "ERROR_REASON_STORE_UNAVAILABLE"
    away = refusal(code_pb2.UNAVAILABLE, "the store is away", reason, retry_after=1, cause=cause)
    fake.refusals.append(away)

    store = found(run)["store"]

    assert (store["verdict"], store["found"]) == ("FAIL", f"the store is away (cause: {cause})")
    assert advice in store["to_do"]


async def test_a_full_store(
    service: ServiceProcess, own_store: StoreProcess, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads of a full store go on, and the write says that there is no memory left."""
    monkeypatch.setenv("LEADERBOARD_SERVER", service.address)
    async with own_store.client() as client:
        await client.config_set("maxmemory", "1")

    checks = await asyncio.to_thread(found, run, "--write")

    assert checks["store"]["verdict"] == "OK"
    assert checks["write"]["verdict"] == "FAIL"
    assert "maxmemory" in checks["write"]["to_do"]


async def test_a_server_on_a_replica(
    own_store: StoreProcess, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Health is not SERVING, and the check of the store itself names the replica."""
    async with own_store.client() as client:
        await client.replicaof("127.0.0.1", "1")
    server = ServiceProcess(tmp_path / "service", redis_url=own_store.url)
    try:
        server.launch()
        await eventually(lambda: _health_is(server, "NOT_SERVING"), "an answer", within=20)
        monkeypatch.setenv("LEADERBOARD_SERVER", server.address)

        from_afar = await asyncio.to_thread(found, run, "--write")
        monkeypatch.setenv("LEADERBOARD_REDIS_URL", own_store.url)
        beside = await asyncio.to_thread(found, run)
    finally:
        await server.close()

    for checks in (from_afar, beside):
        assert checks["health of the server"]["found"] == "NOT_SERVING"
        assert "store_is_replica" in checks["health of the server"]["to_do"]
        assert checks["store"]["verdict"] == "OK"
    assert "(cause: read_only)" in from_afar["write"]["found"]
    assert "the URL of the primary" in from_afar["write"]["to_do"]
    assert beside["store role"]["verdict"] == "FAIL"
    assert "replica of 127.0.0.1:1" in beside["store role"]["found"]
    assert "name the primary" in beside["store role"]["to_do"]


async def _health_is(server: ServiceProcess, health: str) -> bool:
    return await server.health() == health


@pytest.mark.parametrize(
    ("ahead", "verdict", "shown"),
    [
        (0, "OK", "within 2 s"),
        (3600, "WARN", "s behind the server"),
        (-3600, "WARN", "s ahead of the server"),
    ],
)
def test_clocks_are_compared_by_the_http_date(
    fake: FakeService, run: Run, ahead: int, verdict: str, shown: str
) -> None:
    """If an answer has an HTTP date, `doctor` shows how far the clocks are apart."""
    fake.date = formatdate(time() + ahead, usegmt=True)

    clock = found(run)["clock"]

    assert clock["verdict"] == verdict
    assert pytest.approx(abs(ahead), abs=60) == clock["numbers"]["apart_s"]
    assert run("doctor").code == (ExitCode.WARNED if ahead else ExitCode.OK)
    assert shown in clock["found"]


def test_a_slow_server_is_a_warning(
    fake: FakeService, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unusually high latencies are a WARN, with advice."""
    monkeypatch.setattr("leaderboard_cli.doctor.checks.SLOW", 0.0)

    outcome = run("doctor")

    assert outcome.code == ExitCode.WARNED
    assert "→ compare the calls: Health.Check shows the network" in outcome.out
    assert outcome.out.endswith("it works; see the warnings\n")

"""The command `serve`: the line of its start, and of the reason why it can't start."""

import json
import resource
import signal
import sysconfig
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from harness.ports import free_port
from harness.processes import ChildProcess
from harness.service import ServiceProcess
from harness.serving import serve, served
from harness.stores import StoreProcess
from harness.waiting import eventually

_BAD_OPTION, _CANT_START = 2, 1
_PASSWORD = "s3cret-of-the-store"
_AWAY = "127.0.0.1:1"
_COMMAND = Path(sysconfig.get_path("scripts")) / "leaderboard"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--address", "127.0.0.1:65536"),
        ("--request-retention-s", "soon"),
        ("--tls-key", "key-without-certificate.pem"),
        ("--no-such-option", "1"),
    ],
)
async def test_a_bad_option(tmp_path: Path, option: str, value: str) -> None:
    """The option is named, and the exit code is that of a wrong command line."""
    ended = await served(tmp_path, option, value)

    assert ended.exit_code == _BAD_OPTION
    assert option in ended.output
    assert "Traceback" not in ended.output


async def test_all_bad_settings_are_reported_at_once(tmp_path: Path) -> None:
    """Settings from the environment are checked alike, and each has its line."""
    settings = {"LEADERBOARD_ADDRESS": "nowhere", "LEADERBOARD_LOG_LEVEL": "loud"}
    settings["LEADERBOARD_MAX_CALLS"] = "0"  # from which the default of another is made

    ended = await served(tmp_path, "--request-retention-s", "1", environment=settings)

    assert ended.exit_code == _BAD_OPTION
    lines = sorted(ended.output.splitlines())
    assert [line.split(": ")[1] for line in lines] == [
        "--address",
        "--log-level",
        "--max-calls",
        "--request-retention-s",
    ]


@pytest.mark.parametrize("store", ["node", "cluster"])
async def test_a_second_server_on_the_same_address(
    service: ServiceProcess, own_store: StoreProcess, tmp_path: Path, store: str
) -> None:
    """It says so in one line and ends; the first one goes on."""
    url = own_store.url if store == "node" else f"redis+cluster://{_AWAY}"

    ended = await served(tmp_path, "--address", service.address, "--redis-url", url)

    assert ended.exit_code == _CANT_START
    assert len(ended.output.splitlines()) == 1, ended.output
    assert service.address in ended.output
    assert await service.health() == "SERVING"


async def test_an_exposed_address_is_a_warning(tmp_path: Path) -> None:
    """An address that is not loopback, without TLS, is a warning and not an error."""
    of_no_machine = "192.0.2.1:50051"

    ended = await served(tmp_path, "--address", of_no_machine, "--redis-url", "redis://127.0.0.1:1")

    assert ended.exit_code == _CANT_START
    warning, error = ended.output.splitlines()
    assert '"exposed"' in warning
    assert error.startswith(f"leaderboard serve: can't listen on {of_no_machine}")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"http://:{_PASSWORD}@{_AWAY}/0", id="another scheme"),
        pytest.param(f"redis://:{_PASSWORD}@127.0.0.1:{_PASSWORD}/0", id="no port"),
        pytest.param(f"redis://:{_PASSWORD}#x@{_AWAY}/0", id="a sign that ends the host"),
        pytest.param(f"redis://:{_PASSWORD}@{_AWAY}/0?no_such=1&db=x", id="bad settings"),
    ],
)
async def test_a_bad_url_is_rejected_without_its_password(tmp_path: Path, url: str) -> None:
    """The error shows no part of the URL."""
    address = f"127.0.0.1:{free_port()}"

    ended = await served(tmp_path, "--address", address, environment={"LEADERBOARD_REDIS_URL": url})

    assert ended.exit_code == _BAD_OPTION
    assert "--redis-url" in ended.output
    assert _PASSWORD not in ended.output


@pytest.mark.parametrize("password", [_PASSWORD, f"{_PASSWORD}-not"], ids=["right", "wrong"])
async def test_the_password_of_the_store_is_never_logged(
    own_store: StoreProcess, tmp_path: Path, password: str
) -> None:
    """The password is not logged if the store accepts it, rejects it or goes away."""
    async with own_store.client() as client:
        await client.config_set("requirepass", _PASSWORD)
    log = tmp_path / "server.log"
    url = own_store.url.replace("redis://", f"redis://:{password}@")

    server = serve(
        tmp_path,
        *("--address", f"127.0.0.1:{free_port()}", "--log-level", "debug"),
        environment={"LEADERBOARD_REDIS_URL": url},
    )

    await eventually(lambda: "serving" in log.read_text(), "a server that serves", within=20)
    await own_store.kill()
    await eventually(lambda: "store_unavailable" in log.read_text(), "the loss of the store")
    server.signal(signal.SIGTERM)
    assert await server.exited() == 0
    assert _PASSWORD not in log.read_text()
    server.end()


async def test_the_start_names_version_store_and_limits(
    service: ServiceProcess, own_store: StoreProcess
) -> None:
    """The entry has all that an operator asks first, with the limits in force."""
    (start,) = _entries(service.process, "serving")

    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert start["version"] == version("leaderboard-server")
    assert start["address"] == service.address
    assert start["listener"] in {"front", "grpcio"}
    assert start["store"] == own_store.url
    assert (start["max_calls"], start["max_calls_per_connection"]) == (1_000, 250)
    assert (start["max_watchers"], start["open_files"]) == (10_000, hard_limit)
    assert start["open_files_before"] <= hard_limit
    assert 0 < start["max_connections"] < hard_limit


async def test_the_embedded_store_is_named_and_has_no_warning(tmp_path: Path) -> None:
    """The embedded store has the settings that the promises need."""
    async with ServiceProcess(tmp_path / "service", data_dir=tmp_path / "data") as service:
        (start,) = _entries(service.process, "serving")
        (checked,) = _entries(service.process, "store_checked")

        assert start["store"] == "embedded"
        assert (checked["appendfsync"], checked["role"]) == ("always", "primary")
        levels = {entry["level"] for entry in _entries(service.process)}
        assert levels == {"info"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"redis://user:{_PASSWORD}@{_AWAY}/3?password={_PASSWORD}", f"redis://{_AWAY}/3"),
        (
            f"redis+sentinel://u:{_PASSWORD}@{_AWAY},127.0.0.1:2/scores?sentinel_password={_PASSWORD}",
            f"redis+sentinel://{_AWAY},127.0.0.1:2/scores/0",
        ),
        (f"unix://u:{_PASSWORD}@/no/such.sock?db=1", "unix:///no/such.sock?db=1"),
        (f"redis://:1/{_PASSWORD}@host/0", "redis://localhost:1/0"),
    ],
)
async def test_the_start_shows_no_secret(tmp_path: Path, url: str, shown: str) -> None:
    """The entry names the store without user, password and options, also of an odd URL."""
    at = ("--address", f"127.0.0.1:{free_port()}", "--log-level", "debug")
    server = serve(tmp_path, *at, environment={"LEADERBOARD_REDIS_URL": url})
    try:
        await eventually(lambda: bool(_entries(server, "serving")), "a start", within=20)
        await eventually(lambda: bool(_entries(server, "store_unavailable")), "a first ping")
        (start,) = _entries(server, "serving")
        assert start["store"] == shown
        assert _PASSWORD not in server.log.read_text()
    finally:
        server.end()


async def test_few_open_files_are_a_warning(own_store: StoreProcess, tmp_path: Path) -> None:
    """Connections are limited below the hard limit, and more watchers than that are a warning."""
    limited = f"ulimit -Sn 256; ulimit -Hn 512; exec {_COMMAND} serve"
    options = f"--address 127.0.0.1:{free_port()} --redis-url {own_store.url}"
    server = ChildProcess(["/bin/bash", "-c", f"{limited} {options}"], tmp_path / "server.log")
    try:
        await eventually(lambda: bool(_entries(server, "open_files_low")), "a warning", within=20)
        (start,) = _entries(server, "serving")
        assert (start["open_files_before"], start["open_files"]) == (256, 512)
        assert start["max_connections"] == 448
        (warning,) = _entries(server, "open_files_low")
        assert (warning["level"], warning["max_watchers"]) == ("warning", 10_000)
    finally:
        server.end()


async def test_unknown_variables_are_warnings_without_values(tmp_path: Path) -> None:
    """A misspelt setting is named with the closest one; its value is not shown."""
    environment = {
        "LEADERBOARD_REDISURL": _PASSWORD,
        "LEADERBOARD_SERVER": "127.0.0.1:1",
        "LEADERBOARD_SERVICE_HOST": "10.0.0.1",
        "LEADERBOARD_LOG_LEVEL": "warning",
    }

    ended = await served(tmp_path, "--address", "192.0.2.1:1", environment=environment)

    unknown, *_ = ended.output.splitlines()
    entry = json.loads(unknown)
    assert (entry["event"], entry["level"]) == ("unknown_variable", "warning")
    assert (entry["name"], entry["closest"]) == ("LEADERBOARD_REDISURL", "LEADERBOARD_REDIS_URL")
    assert ended.output.count("unknown_variable") == 1
    assert _PASSWORD not in ended.output


def _entries(process: ChildProcess, event: str | None = None) -> list[dict[str, Any]]:
    """Return the log's entries, of one event or all."""
    lines = process.log.read_text().splitlines() if process.log.exists() else []
    entries = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [entry for entry in entries if event in {None, entry["event"]}]

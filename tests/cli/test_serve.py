"""The command `serve`: the reason why it can't start is one line and an exit code."""

import signal
from pathlib import Path

import pytest

from harness.ports import free_port
from harness.service import ServiceProcess
from harness.serving import serve, served
from harness.stores import StoreProcess
from harness.waiting import eventually

_BAD_OPTION, _CANT_START = 2, 1
_PASSWORD = "s3cret-of-the-store"
_AWAY = "127.0.0.1:1"


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


async def test_a_second_server_on_the_same_address(
    service: ServiceProcess, own_store: StoreProcess, tmp_path: Path
) -> None:
    """It says so in one line and ends; the first one goes on."""
    ended = await served(tmp_path, "--address", service.address, "--redis-url", own_store.url)

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
    await eventually(lambda: '"warning"' in log.read_text(), "the loss of the store")
    server.signal(signal.SIGTERM)
    assert await server.exited() == 0
    assert _PASSWORD not in log.read_text()
    server.end()

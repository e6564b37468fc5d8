"""The command `serve` with a file of settings, and with a file of the store's password."""

import json
from pathlib import Path
from typing import Any

import psutil

from cli.command import run_in_pipe
from harness.calls import add
from harness.ports import free_port
from harness.processes import ChildProcess
from harness.service import ServiceProcess
from harness.serving import serve, served
from harness.stores import StoreProcess
from harness.waiting import eventually

_BAD_OPTION = 2
_WORKERS = 2
_PASSWORD = "s3cret-of-the-store"


def _entries(process: ChildProcess, event: str) -> list[dict[str, Any]]:
    lines = process.log.read_text().splitlines() if process.log.exists() else []
    entries = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [entry for entry in entries if entry["event"] == event]


def _shown(server: ChildProcess) -> str:
    """Return the log, and the command lines and environments of the server's processes."""
    main = psutil.Process(server.pid)
    processes = [main, *main.children(recursive=True)]
    shown = [server.log.read_text(), *(str(each.cmdline()) for each in processes)]
    return "\n".join([*shown, *(str(each.environ()) for each in processes)])


async def test_settings_and_password_from_files(own_store: StoreProcess, tmp_path: Path) -> None:
    """A server and its workers take settings from the file, and show the password nowhere."""
    async with own_store.client() as client:
        await client.config_set("requirepass", _PASSWORD)
    password = tmp_path / "password"
    password.write_text(f"{_PASSWORD}\n")
    file = tmp_path / "leaderboard.toml"
    file.write_text(
        f"redis_url = '{own_store.url}'\nredis_password_file = '{password}'\n"
        f"max_calls = 77\nworkers = {_WORKERS}\nlog_level = 'debug'"
    )

    async with ServiceProcess(tmp_path, "--config", str(file)) as service:
        await add(service.stub, "cup", "ada", 1)
        await eventually(
            lambda: len(_entries(service.process, "serving")) == _WORKERS, "workers that serve"
        )
        starts = _entries(service.process, "serving")
        assert [start["max_calls"] for start in starts] == [77] * _WORKERS
        assert _PASSWORD not in _shown(service.process)
        assert not _entries(service.process, "config_exposed")


async def test_a_wrong_file_of_settings(tmp_path: Path) -> None:
    """Each problem is a line that names the file and the name in it."""
    file = tmp_path / "leaderboard.toml"
    file.write_text("max_call = 1\nlog_level = 'loud'")

    ended = await served(tmp_path, environment={"LEADERBOARD_CONFIG": str(file)})

    assert ended.exit_code == _BAD_OPTION
    first, second = ended.output.splitlines()
    assert first == f"leaderboard serve: {file}: 'max_call' is no setting; did you mean max_calls?"
    assert second.startswith(f"leaderboard serve: {file}: log_level: Input should be 'debug'")


async def test_a_password_in_a_file_for_all_users_is_a_warning(tmp_path: Path) -> None:
    """The warning names the file, and what to do; the password is not in it."""
    file = tmp_path / "leaderboard.toml"
    file.write_text(f"redis_url = 'redis://:{_PASSWORD}@127.0.0.1:1'")
    file.chmod(0o644)

    server = serve(tmp_path, "--config", str(file), "--address", f"127.0.0.1:{free_port()}")
    try:
        await eventually(lambda: bool(_entries(server, "serving")), "a start", within=20)
        (warning,) = _entries(server, "config_exposed")
        assert (warning["level"], warning["file"]) == ("warning", str(file))
        assert "chmod o-r" in warning["to_do"]
        assert _PASSWORD not in server.log.read_text()
    finally:
        server.end()


async def test_a_password_file_that_is_not_there(tmp_path: Path) -> None:
    """A server whose first worker can't read the password ends with one line."""
    missing = tmp_path / "password"
    options = ("--redis-url", "redis://127.0.0.1:1", "--redis-password-file", str(missing))

    ended = await served(
        tmp_path, *options, "--workers", str(_WORKERS), "--address", f"127.0.0.1:{free_port()}"
    )

    assert ended.exit_code == _BAD_OPTION
    reason = f"--redis-password-file: can't read {missing}: No such file or directory"
    assert ended.output.splitlines() == [f"leaderboard serve: {reason}"]


async def test_other_commands_find_the_store_by_the_same_files(
    own_store: StoreProcess, tmp_path: Path
) -> None:
    """`new-epoch` takes the store's URL and password from the files that a server has."""
    async with own_store.client() as client:
        await client.config_set("requirepass", _PASSWORD)
    password = tmp_path / "password"
    password.write_text(_PASSWORD)
    file = tmp_path / "leaderboard.toml"
    file.write_text(f"redis_url = '{own_store.url}'\nredis_password_file = '{password}'")

    outcome = run_in_pipe("new-epoch", "--dry-run", "--config", str(file))
    assert outcome.out == f"would begin a new epoch in 0 contests of {own_store.url}\n"

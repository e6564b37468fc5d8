"""The command `serve` where the fast listener is not installed."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from harness.ports import free_port
from harness.serving import serve
from harness.stores import StoreProcess
from harness.waiting import eventually


@pytest.fixture(name="without_front")
def _without_front(tmp_path: Path) -> dict[str, str]:
    """Return variables with which Python finds no front, even if it is installed."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    code = 'import sys\n\nsys.modules["leaderboard_front"] = None\n'
    (hidden / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": str(hidden)}


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_the_fallback_to_grpcio_is_one_warning(
    own_store: StoreProcess, tmp_path: Path, without_front: dict[str, str], workers: str
) -> None:
    """The log says once what the fallback costs and how to change it, however many workers run."""
    log = await _log_of_a_run(tmp_path, without_front, own_store, "--workers", workers)

    (warning,) = [entry for entry in log if entry["event"] == "front_missing"]
    assert (warning["level"], warning["listener"]) == ("warning", "grpcio")
    assert "a tenth" in warning["reason"]
    assert "make front" in warning["to_do"]
    assert [entry["listener"] for entry in log if entry["event"] == "serving"] == [
        "grpcio" for _ in range(int(workers))
    ]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_grpcio_by_choice_is_no_warning(
    own_store: StoreProcess, tmp_path: Path, without_front: dict[str, str], workers: str
) -> None:
    """A server that was given `--listener grpcio` has nothing to say about it."""
    options = ("--listener", "grpcio", "--workers", workers)

    log = await _log_of_a_run(tmp_path, without_front, own_store, *options)

    assert "front_missing" not in {entry["event"] for entry in log}


async def _log_of_a_run(
    folder: Path, environment: dict[str, str], store: StoreProcess, *options: str
) -> list[dict[str, Any]]:
    """Run a server until all its processes serve, stop it, and return its log."""
    address = f"127.0.0.1:{free_port()}"
    where = ("--address", address, "--redis-url", store.url)
    server = serve(folder, *where, *options, environment=environment)
    workers = int(options[options.index("--workers") + 1])
    try:
        text = server.log.read_text
        await eventually(lambda: text().count('"serving"') == workers, "all to serve", within=30)
        server.signal(signal.SIGTERM)
        assert await server.exited(within=20) == 0
    finally:
        server.end()
    return [json.loads(line) for line in text().splitlines()]

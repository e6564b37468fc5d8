"""Runs a real Prometheus with the example configuration, and queries it."""

import asyncio
import json
import math
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import yaml

from deploy.promtool import RULES, require
from harness.ports import free_port
from harness.processes import ChildProcess
from harness.waiting import eventually

CONFIG = RULES.parent / "prometheus.yml"
_INTERVAL = "1s"
_TIMEOUT_S = 10.0


class Series(NamedTuple):
    """A series of a result."""

    labels: dict[str, str]
    values: list[float]
    """Its numbers, of an instant query one."""


def configure(folder: Path, targets: Sequence[str]) -> Path:
    """Write the example configuration with other targets and short intervals."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": _INTERVAL, "evaluation_interval": _INTERVAL}
    config["rule_files"] = [str(RULES.parent / name) for name in config["rule_files"]]
    config["scrape_configs"][0]["static_configs"] = [{"targets": list(targets)}]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    return file


class Queries:
    """Queries a Prometheus at an address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def query(self, expression: str) -> list[Series]:
        """Return the present values of an expression."""
        found = await self._get("query", query=expression)
        return [Series(each["metric"], [float(each["value"][1])]) for each in found]

    async def query_range(self, expression: str, start: float, end: float) -> list[Series]:
        """Return the values of an expression for each second, without those that are no number."""
        found = await self._get(
            "query_range", query=expression, start=str(start), end=str(end), step=_INTERVAL
        )
        numbers = [
            Series(each["metric"], [float(value) for _, value in each["values"]]) for each in found
        ]
        return [
            Series(labels, [value for value in values if not math.isnan(value)])
            for labels, values in numbers
        ]

    async def firing(self) -> set[str]:
        """Return the names of the alerts that fire."""
        found = await self.query('ALERTS{alertstate="firing"}')
        return {series.labels["alertname"] for series in found}

    async def is_ready(self) -> bool:
        """Return whether it answers."""
        try:
            await self.query("vector(1)")
        except OSError:
            return False
        return True

    async def _get(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        """Return the result of a query.

        Raises:
            OSError: Prometheus does not answer, or refuses the query.
        """
        url = f"http://{self._address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        body = await asyncio.to_thread(_fetch, url)
        result: list[dict[str, Any]] = json.loads(body)["data"]["result"]
        return result


class Prometheus(Queries):
    """Scrapes servers each second, and evaluates the rules. Runs for a block."""

    def __init__(self, folder: Path, targets: Sequence[str]) -> None:
        """Scrape HOST:PORT of each server's metrics; keep all data in `folder`."""
        folder.mkdir()
        address = f"127.0.0.1:{free_port()}"
        super().__init__(address)
        self._log = folder / "prometheus.log"
        self._command = [
            require("prometheus"),
            f"--config.file={configure(folder, targets)}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
        ]
        self._process: ChildProcess | None = None

    async def __aenter__(self) -> Self:
        self._process = ChildProcess(self._command, self._log)
        await eventually(self.is_ready, "Prometheus is ready", within=30)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.end()
        print(f"--- log of Prometheus\n{self._process.log_tail(20)}")  # noqa: T201 - pytest shows it


def _fetch(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_TIMEOUT_S) as response:
            body: bytes = response.read()
    except urllib.error.HTTPError as error:
        with error:
            raise OSError(error.read().decode()) from None
    return body

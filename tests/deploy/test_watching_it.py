"""The commands of `docs/watching-it.md` do what the page says."""

from pathlib import Path

import pytest

from deploy.prometheus import CONFIG, Queries, configure
from deploy.promtool import PROJECT, require
from documents.operations import Operator
from documents.session import blocks
from harness.ports import free_port
from harness.waiting import eventually

pytestmark = pytest.mark.slow

_PAGE = PROJECT / "docs" / "watching-it.md"
_METRICS = "127.0.0.1:9464"
_LOAD_S = "--duration 30"
_RECORDED = "job_instance:leaderboard_calls:rate2m"


async def test_commands_of_the_page(tmp_path: Path) -> None:
    """Server, Prometheus and load run as the page says; the load is seen, and no alert fires."""
    prometheus = require("prometheus")
    serve, scrape, load = blocks(_PAGE)
    metrics, address = (f"127.0.0.1:{free_port()}" for _ in range(2))
    config = configure(tmp_path, [metrics])
    options = f"--storage.tsdb.path={tmp_path / 'data'} --web.listen-address={address}"
    operator = Operator(
        tmp_path / "home",
        {
            _METRICS: metrics,
            "prometheus --config": f"{prometheus} --config",
            f"{CONFIG.relative_to(PROJECT)}": f"{config}",
            "--storage.tsdb.path=build/prometheus": options,
            _LOAD_S: "--duration 3",
        },
    )
    queries = Queries(address)

    async def sees(expression: str) -> bool:
        return bool(await queries.query(expression))

    try:
        operator.serve(serve)
        operator.serve(scrape)
        await eventually(queries.is_ready, "Prometheus is ready", within=30)
        await eventually(lambda: sees("leaderboard_store_available == 1"), "a scrape", within=20)
        operator.run(load)
        assert _RECORDED in _PAGE.read_text(encoding="utf-8")
        await eventually(lambda: sees(f"{_RECORDED} > 1"), "the load in the recorded series")
        assert await queries.firing() == set()
    finally:
        operator.end()

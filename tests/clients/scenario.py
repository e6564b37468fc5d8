"""Runs the scenario: one driver against one server that is killed in between.

Its steps are those of `scenario_contests.yaml`, `scenario_end.yaml`, `scenario_seasons.yaml` and
`scenario.yaml`.

A step has a `name` and one of these:

- `call` an operation with `args` (and `timeout_s`), and compare with `expect` or `error` as
  `expected.py` does. `remember` keeps an answer; `$kept.field` stands for a field of it later.
  `$times` has the next new year, in UTC and in Berlin.
- `start` an operation `as` a name, `finish` it and compare, or `cancel` it.
- `watch` by a name with `args` (`hidden`: the contest has hidden users that write); `reached`: the
  watches named are live and show what `contest_id` is now (if the last write is not in a watch's
  scope, that takes 15 s), in that `season`, or have ended in another `state` and show it; `lost`:
  they report that they have no stream (and because of which `error`); `snapshots`: the number that
  they received, by reason. Every update is checked by `driver_watch.py`.
- `until_score`: wait until the scores of a contest sum up to `at_least`; `total`: they sum up to
  `score`; `until_full`: wait until the server refuses to read that contest, as one call too many.
- `erased`: a user is erased from all contests through a second server, while the first one is away;
  `ended`: the same for the `season` of a `contest_id`.
- `server` or `store`: `kill`, `start`, `freeze` or `thaw` it; the server also to `terminate`. The
  store is also made `full`, until it is `emptied`; `refuses`: wait until it refuses a write.
- `close` the client, after which the driver ends.
"""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import grpc
import yaml

from clients.deployment import Deployment
from clients.driver import Answer, Driver, Operation
from clients.driver_watch import DriverWatch
from clients.expected import assert_answers, assert_is_error
from harness.calls import scores, top
from harness.cluster_store import Store
from harness.service import ServiceProcess
from harness.waiting import eventually

Step = dict[str, Any]


def _steps(*names: str) -> list[Step]:
    return [
        step
        for name in names
        for step in yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    ]


STEPS_OF_CONTESTS = _steps("scenario_contests.yaml")
"""The first steps, without a fault."""
STEPS = [
    *STEPS_OF_CONTESTS,
    *_steps("scenario_end.yaml", "scenario_seasons.yaml", "scenario.yaml"),
]
_MORE = {
    *("name", "args", "timeout_s", "expect", "error", "one_of"),
    *("remember", "as", "contest_id", "reasons", "state", "season", "hidden"),
}
"""The other keys of a step."""
TIMEOUT_S = 60.0
"""The time for a restart of the server and the retries that wait for it."""


class Scenario:
    """One run of the steps."""

    def __init__(self, driver: Driver, service: ServiceProcess, store: Store, folder: Path) -> None:
        """Prepare a run; the files of a second server are in a folder."""
        self._driver = driver
        self._service = service
        self._deployment = Deployment(service, store, folder)
        self._kept: dict[str, Answer] = {"times": _next_times()}
        self._started: dict[str, Operation] = {}
        self._watches: dict[str, DriverWatch] = {}
        self._kinds: dict[str, Callable[[Step], Coroutine[Any, Any, None]]] = {
            "call": self._call,
            "start": self._start,
            "finish": self._finish,
            "cancel": self._cancel,
            "watch": self._watch,
            "reached": self._reached,
            "lost": self._lost,
            "snapshots": self._snapshots,
            "until_score": self._until_score,
            "total": self._total,
            "until_full": self._until_full,
            "erased": self._erase,
            "ended": self._end_season,
            "server": self._control_server,
            "store": self._control_store,
            "close": self._close,
        }

    async def run(self, step: Step) -> None:
        """Run one step.

        Raises:
            AssertionError: An answer differs from the expected one.
            BrokenWatchError: An update of a watch is wrong.
            DriverError: The driver ended.
        """
        try:
            (kind,) = step.keys() - _MORE
            await self._kinds[kind](step)
        except Exception as error:
            error.add_note(f"in the step: {step['name']}")
            raise

    async def _call(self, step: Step) -> None:
        arguments = self._filled(step["args"])
        operation = self._driver.start(step["call"], arguments, step.get("timeout_s"))
        await self._compare(step, operation)

    async def _start(self, step: Step) -> None:
        self._started[step["as"]] = self._driver.start(step["start"], self._filled(step["args"]))

    async def _finish(self, step: Step) -> None:
        await self._compare(step, self._started[step["finish"]])

    async def _cancel(self, step: Step) -> None:
        target = self._driver.number(self._started[step["cancel"]])
        await self._driver.start("cancel", {"target": target}).answer

    async def _watch(self, step: Step) -> None:
        operation = self._driver.start("watch", step["args"])
        self._started[step["watch"]] = operation
        self._watches[step["watch"]] = DriverWatch(
            operation.updates, step["args"], hidden_users=step.get("hidden", False)
        )

    async def _reached(self, step: Step) -> None:
        for name in step["reached"]:
            watched = self._watches[name]

            async def shows_it(watched: DriverWatch = watched) -> bool:
                board = await top(self._service.stub, step["contest_id"])
                watched.assert_shows(board, step.get("state", "LIVE"))
                shown = watched.last["season"]
                assert shown == step.get("season", shown), f"it is in season {shown}"
                return True

            await eventually(shows_it, f"{name} shows the current board", within=TIMEOUT_S)

    async def _lost(self, step: Step) -> None:
        for name in step["lost"]:
            watched = self._watches[name]

            def reports_it(watched: DriverWatch = watched) -> bool:
                trouble = watched.last["trouble"]
                assert trouble, "it has no trouble"
                if "error" in step:
                    assert_is_error(trouble, step["error"], "trouble")
                return True

            await eventually(reports_it, f"{name} reports its trouble", within=TIMEOUT_S)

    async def _snapshots(self, step: Step) -> None:
        for name in step["snapshots"]:
            assert self._watches[name].reasons == step["reasons"], name

    async def _until_score(self, step: Step) -> None:
        wanted = step["until_score"]

        async def is_done() -> bool:
            total = await self._sum(wanted["contest_id"])
            return total >= int(wanted["at_least"])

        await eventually(is_done, f"a score of {wanted['at_least']} in all", within=TIMEOUT_S)

    async def _total(self, step: Step) -> None:
        wanted = step["total"]
        assert await self._sum(wanted["contest_id"]) == wanted["score"]

    async def _until_full(self, step: Step) -> None:
        async def is_full() -> bool:
            try:
                await top(self._service.stub, step["until_full"])
            except grpc.aio.AioRpcError as error:
                return error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            return False

        await eventually(is_full, "a refused call", within=TIMEOUT_S)

    async def _erase(self, step: Step) -> None:
        await self._deployment.erase(step["erased"])

    async def _end_season(self, step: Step) -> None:
        await self._deployment.end_season(**step["ended"])

    async def _control_server(self, step: Step) -> None:
        await self._deployment.control_server(step["server"])

    async def _control_store(self, step: Step) -> None:
        await self._deployment.control_store(step["store"], within_s=TIMEOUT_S)

    async def _close(self, step: Step) -> None:
        assert await self._driver.close() == step["close"]

    async def _sum(self, contest_id: str) -> int:
        return sum((await scores(self._service.stub, contest_id)).values())

    async def _compare(self, step: Step, operation: Operation) -> None:
        async def is_answered() -> bool:
            return operation.answer.done()

        await eventually(is_answered, "an answer", within=TIMEOUT_S)
        answer = operation.answer.result()
        assert_answers(answer, self._filled(step))
        if "remember" in step:
            self._kept[step["remember"]] = answer["ok"]

    def _filled(self, step: Any) -> Any:
        """Replace `$kept.field` by the kept value."""
        if isinstance(step, dict):
            return {name: self._filled(value) for name, value in step.items()}
        if isinstance(step, list):
            return list(map(self._filled, step))
        if isinstance(step, str) and step.startswith("$"):
            name, *fields = step[1:].split(".")
            return reduce(_field, fields, self._kept[name])
        return step


def _field(value: Any, name: str) -> Any:
    return value[int(name) if isinstance(value, list) else name]


def _next_times() -> Answer:
    """Return the times that steps know as `$times`."""
    berlin = ZoneInfo("Europe/Berlin")
    return {
        "new_year": f"{datetime.now(UTC).year + 1}-01-01T00:00:00Z",
        "new_year_in_berlin": f"{datetime.now(berlin).year + 1}-01-01T00:00:00+01:00",
    }

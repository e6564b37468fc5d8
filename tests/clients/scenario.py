"""Runs the steps of `scenario.yaml`: one driver against one server that is killed in between.

A step has a `name` and one of these:

- `call` an operation with `args` (and `timeout_s`), and compare with `expect` or `error`. An answer
  may hold more than is expected. `remember` keeps it; `$kept.field` stands for a part of it later.
- `start` an operation `as` a name, `finish` it and compare, or `cancel` it.
- `watch` by a name with `args`; `reached`: the watches named show what `contest_id` is now;
  `snapshots`: they were told so many, by reason.
- `until_score`: wait until the scores of a contest sum up to `at_least`; `total`: they sum up to
  `score`.
- `server`: `kill`, `terminate`, `start`, `freeze` or `thaw` it.
"""

import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import yaml

from clients.driver import Answer, Driver, Operation
from clients.watched import Watched
from harness.calls import scores, top
from harness.service import ServiceProcess
from harness.waiting import eventually

STEPS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("scenario.yaml").read_text(encoding="utf-8")
)
PATIENCE_S = 60.0
"""For what takes a server that is started again, and retries that wait for it."""

Step = dict[str, Any]


class Scenario:
    """One run of the steps."""

    def __init__(self, driver: Driver, service: ServiceProcess) -> None:
        self._driver = driver
        self._service = service
        self._kept: dict[str, Answer] = {}
        self._started: dict[str, Operation] = {}
        self._watches: dict[str, Watched] = {}
        self._kinds: dict[str, Callable[[Step], Coroutine[Any, Any, None]]] = {
            "call": self._call,
            "start": self._start,
            "finish": self._finish,
            "cancel": self._cancel,
            "watch": self._watch,
            "reached": self._reached,
            "snapshots": self._snapshots,
            "until_score": self._until_score,
            "total": self._total,
            "server": self._server,
        }

    async def run(self, step: Step) -> None:
        """Run one step.

        Raises:
            AssertionError: Something else came than is expected.
        """
        try:
            (kind,) = self._kinds.keys() & step.keys()
            await self._kinds[kind](step)
        except AssertionError as error:
            raise AssertionError(f"{step['name']}: {error}") from error

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
        self._watches[step["watch"]] = Watched(operation, step["args"])

    async def _reached(self, step: Step) -> None:
        for name in step["reached"]:
            watched = self._watches[name]

            async def shows_it(watched: Watched = watched) -> bool:
                watched.check()
                board = await top(self._service.stub, step["contest_id"])
                assert watched.position == board.position
                watched.assert_shows(board)
                return True

            await eventually(shows_it, f"{name} shows the present board", within=PATIENCE_S)

    async def _snapshots(self, step: Step) -> None:
        for name in step["snapshots"]:
            assert self._watches[name].reasons == step["reasons"], name

    async def _until_score(self, step: Step) -> None:
        wanted = step["until_score"]

        async def is_done() -> bool:
            total = await self._sum(wanted["contest_id"])
            return total >= int(wanted["at_least"])

        await eventually(is_done, f"a score of {wanted['at_least']} in all", within=PATIENCE_S)

    async def _total(self, step: Step) -> None:
        wanted = step["total"]
        assert await self._sum(wanted["contest_id"]) == wanted["score"]

    async def _server(self, step: Step) -> None:
        match step["server"]:
            case "kill":
                await self._service.kill()
            case "terminate":
                await self._service.terminate()
            case "start":
                await self._service.start()
            case "freeze":
                self._service.process.signal(signal.SIGSTOP)
            case "thaw":
                self._service.process.signal(signal.SIGCONT)

    async def _sum(self, contest_id: str) -> int:
        return sum((await scores(self._service.stub, contest_id)).values())

    async def _compare(self, step: Step, operation: Operation) -> None:
        async def told() -> bool:
            return operation.answer.done()

        await eventually(told, "an answer", within=PATIENCE_S)
        answer = operation.answer.result()
        if "error" in step:
            _assert_holds(answer.get("error", answer), step["error"], "error")
        else:
            _assert_holds(answer.get("ok", answer), step.get("expect", {}), "answer")
        if "remember" in step:
            self._kept[step["remember"]] = answer["ok"]

    def _filled(self, arguments: Any) -> Any:
        """Put in what was kept for `$kept.field`."""
        if isinstance(arguments, dict):
            return {name: self._filled(value) for name, value in arguments.items()}
        if isinstance(arguments, str) and arguments.startswith("$"):
            name, _, field = arguments[1:].partition(".")
            return self._kept[name][field]
        return arguments


def _assert_holds(found: Any, wanted: Any, where: str) -> None:
    """Check that all that is wanted is there; lists have to be as long."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict), f"{where} is {found!r}"
        for name, value in wanted.items():
            assert name in found, f"{where} has no {name}: {found!r}"
            _assert_holds(found[name], value, f"{where}.{name}")
    elif isinstance(wanted, list):
        assert isinstance(found, list), f"{where} is {found!r}"
        assert len(found) == len(wanted), f"{where} is {found!r}"
        for index, value in enumerate(wanted):
            _assert_holds(found[index], value, f"{where}[{index}]")
    else:
        assert found == wanted, f"{where} is {found!r}, not {wanted!r}"

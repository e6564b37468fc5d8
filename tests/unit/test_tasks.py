"""Single-flight calls, background tasks and restart delays."""

import asyncio
import gc

import pytest

from harness.waiting import eventually
from leaderboard_server.tasks import (
    BackgroundTask,
    RestartBackoff,
    SingleFlight,
    SingleFlightMap,
)


class Work:
    """A call that waits until it is released."""

    def __init__(self) -> None:
        self.calls = 0
        self.release = asyncio.Event()
        self.error: Exception | None = None

    async def run(self) -> int:
        """Count the call, and return its number once it is released."""
        self.calls += 1
        number = self.calls
        await self.release.wait()
        if self.error:
            raise self.error
        return number


class TestSingleFlight:
    """Calls that callers share."""

    async def test_callers_share_the_call_in_flight(self) -> None:
        """Callers that arrive during a call get its result; a later caller starts another."""
        work = Work()
        flight = SingleFlight(work.run, name="work")
        callers = [asyncio.create_task(flight.run()) for _ in range(3)]
        await asyncio.sleep(0)
        assert flight.running
        work.release.set()

        assert await asyncio.gather(*callers) == [1, 1, 1]
        assert await flight.run() == 2
        assert not flight.running

    async def test_cancelled_caller_leaves_the_call_running(self) -> None:
        """A caller that is cancelled takes nothing from the others."""
        work = Work()
        flight = SingleFlight(work.run, name="work")
        first, second = (asyncio.create_task(flight.run()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        work.release.set()

        assert first.cancelled()
        assert await second == 1

    async def test_error_reaches_every_caller(self) -> None:
        """All callers get the error of the call, and the next caller starts another call."""
        work = Work()
        work.error = ValueError("broken")
        work.release.set()
        flight = SingleFlight(work.run, name="work")

        errors = await asyncio.gather(flight.run(), flight.run(), return_exceptions=True)
        assert [str(error) for error in errors] == ["broken", "broken"]
        work.error = None
        assert await flight.run() == 2

    async def test_error_without_callers_is_not_reported(self) -> None:
        """If all callers of a call that fails were cancelled, asyncio reports no lost error."""
        reported: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, report: reported.append(report))
        work = Work()
        work.error = ValueError("broken")
        flight = SingleFlight(work.run, name="work")
        caller = asyncio.create_task(flight.run())
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])
        work.release.set()
        await eventually(lambda: not flight.running, "the end of the call")

        work.error = None
        gc.collect()
        assert not reported

    async def test_detached_call_serves_its_own_callers_alone(self) -> None:
        """After `detach` the earlier callers keep their call and a new caller gets another."""
        work = Work()
        flight = SingleFlight(work.run, name="work")
        early = asyncio.create_task(flight.run())
        await asyncio.sleep(0)
        flight.detach()
        late = asyncio.create_task(flight.run())
        await asyncio.sleep(0)
        work.release.set()

        assert (await early, await late) == (1, 2)

    async def test_call_is_over_once_it_returned(self) -> None:
        """A callback that the call scheduled sees that the call is over."""
        running: list[bool] = []

        async def run() -> None:
            asyncio.get_running_loop().call_soon(lambda: running.append(flight.running))

        flight = SingleFlight(run, name="work")
        await flight.run()

        assert running == [False]

    async def test_caller_right_after_the_end_starts_another_call(self) -> None:
        """Also in the turn of the loop in which the call ended."""
        work = Work()
        flight = SingleFlight(work.run, name="work")

        async def run_after_release() -> int:
            await work.release.wait()
            return await flight.run()

        early = asyncio.create_task(flight.run())
        await asyncio.sleep(0)
        late = asyncio.create_task(run_after_release())
        await asyncio.sleep(0)
        work.release.set()

        assert (await early, await late) == (1, 2)

    async def test_cancel_ends_the_call(self) -> None:
        """Callers of a cancelled call are cancelled too."""
        flight = SingleFlight(Work().run, name="work")
        caller = asyncio.create_task(flight.run())
        await asyncio.sleep(0)
        flight.cancel()
        await asyncio.wait([caller])

        assert caller.cancelled()
        assert not flight.running

    async def test_close_waits_for_the_end_of_the_call(self) -> None:
        """The call is over when `close` returns; without a call `close` does nothing."""
        flight = SingleFlight(Work().run, name="work")
        await flight.close()
        caller = asyncio.create_task(flight.run())
        await asyncio.sleep(0)
        await flight.close()

        assert not flight.running
        await asyncio.wait([caller])
        assert caller.cancelled()


class TestSingleFlightMap:
    """Calls that callers with the same key share."""

    async def test_callers_share_the_call_of_their_key(self) -> None:
        """Callers during the call and later ones get its result; another key has its own call."""
        work = Work()
        flights = SingleFlightMap(10, name="work")
        callers = [asyncio.create_task(flights.run(key, work.run)) for key in ("a", "a", "b")]
        await asyncio.sleep(0)
        work.release.set()

        assert await asyncio.gather(*callers) == [1, 1, 2]
        assert await flights.run("a", work.run) == 1

    async def test_cancelled_caller_leaves_the_call_running(self) -> None:
        """A caller that is cancelled takes nothing from the others."""
        work = Work()
        flights = SingleFlightMap(10, name="work")
        first, second = (asyncio.create_task(flights.run("a", work.run)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        work.release.set()

        assert first.cancelled()
        assert await second == 1

    async def test_failed_call_is_forgotten(self) -> None:
        """All callers get the error of the call, and the next caller starts another one."""
        work = Work()
        work.error = ValueError("broken")
        work.release.set()
        flights = SingleFlightMap(10, name="work")

        errors = await asyncio.gather(
            *(flights.run("a", work.run) for _ in range(2)), return_exceptions=True
        )
        assert [str(error) for error in errors] == ["broken", "broken"]
        work.error = None
        assert await flights.run("a", work.run) == 2

    async def test_results_are_kept_for_the_keys_that_were_used_last(self) -> None:
        """The result of another key is dropped, also while its call is in flight."""
        work = Work()
        flights = SingleFlightMap(2, name="work")
        callers = [asyncio.create_task(flights.run(key, work.run)) for key in ("a", "b", "c")]
        await asyncio.sleep(0)
        work.release.set()

        assert await asyncio.gather(*callers) == [1, 2, 3]
        assert [await flights.run(key, work.run) for key in ("b", "c", "a")] == [2, 3, 4]

    async def test_clear_forgets_results(self) -> None:
        """A call in flight serves its own callers alone, also if it fails after the next one."""
        work, later = Work(), Work()
        work.error = ValueError("broken")
        flights = SingleFlightMap(10, name="work")
        early = asyncio.create_task(flights.run("a", work.run))
        await asyncio.sleep(0)
        flights.clear()
        later.release.set()
        assert await flights.run("a", later.run) == 1
        work.release.set()

        with pytest.raises(ValueError, match="broken"):
            await early
        assert await flights.run("a", later.run) == 1


class TestBackgroundTask:
    """A task that is started and closed."""

    async def test_close_ends_the_task(self) -> None:
        """The task is over when `close` returns, after its own cleanup."""
        steps: list[str] = []

        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                steps.append("cleaned up")

        task = BackgroundTask(run, name="work")
        task.start()
        await asyncio.sleep(0)
        await task.close()

        assert steps == ["cleaned up"]

    async def test_second_start_does_nothing(self) -> None:
        """One task runs, however often it is started."""
        work = Work()
        task = BackgroundTask(work.run, name="work")  # type: ignore[arg-type]
        task.start()
        task.start()
        await asyncio.sleep(0)
        await task.close()

        assert work.calls == 1

    async def test_close_without_start_does_nothing(self) -> None:
        """Closing a task that was never started has no effect."""
        await BackgroundTask(Work().run, name="work").close()  # type: ignore[arg-type]

    async def test_close_passes_the_cancellation_of_its_caller_on(self) -> None:
        """A caller that is cancelled while it waits for the end gets its own cancellation."""
        release = asyncio.Event()

        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await release.wait()

        task = BackgroundTask(run, name="work")
        task.start()
        await asyncio.sleep(0)
        closing = asyncio.create_task(task.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        release.set()

        assert closing.cancelled()

    async def test_close_raises_the_error_of_the_task(self) -> None:
        """An error that ended the task is raised by `close`."""

        async def run() -> None:
            raise ValueError("broken")

        task = BackgroundTask(run, name="work")
        task.start()
        await asyncio.sleep(0)
        with pytest.raises(ValueError, match="broken"):
            await task.close()


class TestRestartBackoff:
    """Delays before restarts."""

    def test_delay_doubles_up_to_its_limit(self) -> None:
        """The first restart comes at once, later ones after 0.1 s, doubling to 5 s."""
        backoff = RestartBackoff()

        delays = [backoff.next_delay(ran_s=0.0) for _ in range(9)]
        assert delays == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]

    def test_long_run_resets_the_delay(self) -> None:
        """A process that ran for long is restarted at once."""
        backoff = RestartBackoff()
        for _ in range(5):
            backoff.next_delay(ran_s=1.0)

        assert backoff.next_delay(ran_s=11.0) == 0.0
        assert backoff.next_delay(ran_s=1.0) == 0.1

"""Measures a board of 1,000 rows under load: `PYTHONPATH=tests python -m browser.large_board`.

Prints the time of the processor that scripts, styles and layout take for each message, also in the
frames between messages that are recorded, and how many frames came late. What it prints depends on
the machine, so it is no test.
"""

import asyncio
import statistics
import tempfile
from pathlib import Path

from playwright.async_api import CDPSession

from browser.chromium import chromium
from browser.site import Site, running_site
from browser.steady_writes import SteadyWrites
from browser.visit import DESKTOP, PHONE, Visit, visiting

_ROWS = 1_000
_SECONDS = 10
_LATE_MS = 34.0
"""A frame later than this is one that was dropped, at 60 frames per second."""

_RECORD = """
window.frames_ms = [];
window.tasks_ms = [];
let last = performance.now();
const tick = (now) => {
  window.frames_ms.push(now - last);
  last = now;
  requestAnimationFrame(tick);
};
requestAnimationFrame(tick);
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) window.tasks_ms.push(duration);
}).observe({ type: "longtask" });
"""
_RESET = "() => { window.frames_ms = []; window.tasks_ms = []; }"
_TAKE = "() => [window.frames_ms, window.tasks_ms]"
_SPENT = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration")


async def _spent(session: CDPSession) -> dict[str, float]:
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    values = {each["name"]: each["value"] for each in metrics}
    return {name: values[name] * 1_000 for name in _SPENT}


async def _measure(site: Site, visit: Visit, contest_id: str) -> list[str]:
    """Return the lines of a report."""
    session = await visit.page.context.new_cdp_session(visit.page)
    messages: list[object] = []

    def note(message: object) -> None:
        messages.append(message)

    session.on("Network.webSocketFrameReceived", note)
    await session.send("Network.enable")
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    await visit.page.reload()
    await visit.live()
    async with SteadyWrites(site.service.stub, contest_id, per_second=50, users=_ROWS) as writes:
        await writes.more(50)
        await visit.page.evaluate(_RESET)
        before, first = await _spent(session), len(messages)
        await asyncio.sleep(_SECONDS)
        after, count = await _spent(session), len(messages) - first
        frames, tasks = await visit.page.evaluate(_TAKE)
    late = sum(each > _LATE_MS for each in frames)
    lines = [f"{name} {(after[name] - before[name]) / count:.1f} ms a message" for name in _SPENT]
    lines.append(f"{count} messages, {len(frames)} frames, {late / len(frames):.1%} of them late")
    lines.append(f"frames: median {statistics.median(frames):.1f} ms, longest {max(frames):.1f} ms")
    lines.append(f"{len(tasks)} tasks over 50 ms, the longest {max(tasks, default=0):.0f} ms")
    return [f"  {line}" for line in lines]


async def _report() -> list[str]:
    """Return the lines of all reports."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        async with running_site(Path(folder)) as site, chromium() as browser:
            contest_id = await site.contest()
            scores = {f"user-{number}": 10 * (_ROWS - number) for number in range(_ROWS)}
            await site.write(contest_id, scores)
            url = site.url(f"/boards/{contest_id}?limit={_ROWS}")
            for name, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
                lines.append(f"{name}, {_ROWS} rows, 50 writes a second for {_SECONDS} s:")
                async with visiting(browser, url, scripts=(_RECORD,), viewport=viewport) as visit:
                    lines += await _measure(site, visit, contest_id)
    return lines


if __name__ == "__main__":
    print("\n".join(asyncio.run(_report())))  # noqa: T201

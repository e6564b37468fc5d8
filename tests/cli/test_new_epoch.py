"""The command `new-epoch`: after a restore no watcher takes new changes for old ones."""

import asyncio
import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.command import Outcome, run_in_pipe
from harness.calls import add, top
from harness.service import ServiceProcess
from harness.stores import StoreProcess
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.new_epoch import EXAMPLES

_PASSWORD = "s3cret-of-the-store"


async def new_epoch(*arguments: str) -> Outcome:
    """Run the command."""
    return await asyncio.to_thread(run_in_pipe, "new-epoch", *arguments)


async def epochs(service: ServiceProcess, *contests: str) -> list[str]:
    """Return the epochs of contests."""
    return [(await top(service.stub, contest)).position.epoch for contest in contests]


async def test_watchers_reload_after_a_restore(tmp_path: Path) -> None:
    """The steps of the docs on the embedded store: a backup, later writes, and its restore."""
    data_dir, backup = tmp_path / "data", tmp_path / "backup"
    service = ServiceProcess(tmp_path / "service", data_dir=data_dir)
    watchers = [Watcher("cup"), Watcher("cup", scope=pb.WATCH_SCOPE_ALL)]
    async with service:
        await add(service.stub, "cup", "ada", 1)
        await add(service.stub, "chess", "ada", 1)
        await service.terminate()
        shutil.copytree(data_dir, backup, ignore=shutil.ignore_patterns("*.sock"))
        await service.start()
        for watcher in watchers:
            await watcher.open(service.stub)
        lost = (await add(service.stub, "cup", "bo", 5)).position
        for watcher in watchers:
            await watcher.reach(lost)
            await watcher.hang_up()
        await service.terminate()
        shutil.rmtree(data_dir)
        shutil.copytree(backup, data_dir)

        outcome = await new_epoch("--data-dir", str(data_dir), "--yes")

        where = f"the embedded store in {data_dir}"
        assert outcome == Outcome(0, f"began a new epoch in 2 contests of {where}\n", "")
        await service.start()
        other = (await add(service.stub, "cup", "cy", 3)).position
        assert other.epoch != lost.epoch
        for watcher in watchers:
            await watcher.open(service.stub, resume_after=lost)
            await watcher.snapshot("NEW_EPOCH")
            await watcher.reach(other)
            assert [row.user_id for row in watcher.checker.rows] == ["cy", "ada"]
            await watcher.hang_up()


async def test_running_servers_and_their_watchers_notice(
    service: ServiceProcess, own_store: StoreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open watches get the snapshot at once; writes go on, and remembered ids count once."""
    first = await add(service.stub, "cup", "ada", 5, "write")
    watcher = Watcher("cup", scope=pb.WATCH_SCOPE_ALL)
    await watcher.open(service.stub)

    monkeypatch.setenv("LEADERBOARD_REDIS_URL", own_store.url)
    outcome = await new_epoch("--yes")

    assert outcome.code == 0
    await watcher.snapshot("NEW_EPOCH")
    again = await add(service.stub, "cup", "ada", 5, "write")
    assert (again.replayed, again.user.score) == (True, 5)
    assert again.position.epoch != first.position.epoch
    await watcher.reach((await add(service.stub, "cup", "bo", 1)).position)


async def test_server_on_the_folder_may_run(tmp_path: Path) -> None:
    """The store of a running server is used, and the server goes on."""
    data_dir = tmp_path / "data"
    async with ServiceProcess(tmp_path / "service", data_dir=data_dir) as service:
        before = (await add(service.stub, "cup", "ada", 1)).position

        outcome = await new_epoch("--data-dir", str(data_dir), "--yes", "cup")

        where = f"the embedded store in {data_dir}"
        assert outcome == Outcome(0, f"began a new epoch in 1 contest of {where}\n", "")
        assert (await add(service.stub, "cup", "ada", 1)).position.epoch != before.epoch


class TestChoice:
    """The contests that get a new epoch."""

    @pytest.fixture(name="run")
    async def _run(
        self, service: ServiceProcess, own_store: StoreProcess
    ) -> Callable[..., Outcome]:
        """Return a function that runs the command on a store with three contests."""
        for contest in ("a", "b", "c"):
            await add(service.stub, contest, "ada", 1)
        return lambda *arguments: run_in_pipe("new-epoch", "--redis-url", own_store.url, *arguments)

    async def test_named_contests_alone(
        self, run: Callable[..., Outcome], service: ServiceProcess, own_store: StoreProcess
    ) -> None:
        """Contests that are not named keep their epoch; one that is named twice counts once."""
        before = await epochs(service, "a", "b", "c")

        outcome = await asyncio.to_thread(run, "--yes", "a", "c", "a")

        said = f"began a new epoch in 2 contests of {own_store.url}\n"
        assert outcome == Outcome(0, said, "")
        after = await epochs(service, "a", "b", "c")
        changed = [old != new for old, new in zip(before, after, strict=True)]
        assert changed == [True, False, True]

    async def test_nothing_is_changed(
        self, run: Callable[..., Outcome], service: ServiceProcess, own_store: StoreProcess
    ) -> None:
        """A dry run, a contest that does not exist and a missing confirmation change nothing."""
        before = await epochs(service, "a", "b", "c")

        dry, unknown, unconfirmed = [
            await asyncio.to_thread(run, *arguments)
            for arguments in (("--dry-run",), ("--yes", "a", "d"), ())
        ]

        assert dry == Outcome(0, f"would begin a new epoch in 3 contests of {own_store.url}\n", "")
        assert unknown == Outcome(3, "", "error: there is no contest 'd'\n")
        assert unconfirmed == Outcome(
            2, "", "error: without a terminal to ask on, --yes or --dry-run is needed\n"
        )
        assert await epochs(service, "a", "b", "c") == before


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("--redis-url", f"redis://:{_PASSWORD}@127.0.0.1:1/0"), 5, "redis://127.0.0.1:1/0 is not"),
        (("--redis-url", f"http://:{_PASSWORD}@127.0.0.1:1/0"), 2, "--redis-url"),
        (("--redis-url", f"redis://:{_PASSWORD}@127.0.0.1:{_PASSWORD}/0"), 2, "--redis-url"),
        (("--data-dir", "/no/such/folder"), 2, "--data-dir"),
        (("--data-dir", os.sep), 1, "can't be used"),
    ],
    ids=["away", "another scheme", "no port", "no folder", "another folder"],
)
async def test_store_that_cannot_be_used_is_one_line(
    arguments: tuple[str, ...], code: int, text: str
) -> None:
    """The line has the cause and no password, and the code is that of other commands."""
    outcome = await new_epoch(*arguments, "--yes")

    assert (outcome.code, outcome.out) == (code, "")
    assert len(outcome.err.splitlines()) == 1
    assert text in outcome.err
    assert _PASSWORD not in outcome.err


def test_examples_are_commands() -> None:
    """Each line of the examples is an invocation of this command."""
    for example in re.findall(r"^- `(.*)`:", EXAMPLES, re.MULTILINE):
        words = shlex.split(example)
        assert words[words.index("leaderboard") + 1] == "new-epoch"

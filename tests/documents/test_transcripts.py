"""The commands in README and docs/grpcurl.md print the output in these documents."""

import asyncio
import os
import sysconfig
from pathlib import Path

import pytest

from contract.edge import RPCS
from contract.grpcurl import is_there
from documents.session import Block, Session, blocks
from harness.service import ServiceProcess

PROJECT = Path(__file__).parents[2]
_SEARCH_PATH = f"{sysconfig.get_path('scripts')}{os.pathsep}{PROJECT / '.tools' / 'bin'}"


def _of(document: str, command: str) -> list[Block]:
    found = [
        block
        for block in blocks(PROJECT / document)
        if block.output is not None and block.command.split()[0] == command
    ]
    assert found, f"{document} shows no {command}"
    return found


@pytest.fixture(name="session")
def _session(service: ServiceProcess, tmp_path: Path) -> Session:
    """Return a session with a new server, in a folder that holds the README's files."""
    session = Session(tmp_path, service.address, _SEARCH_PATH)
    (tmp_path / "clients").symlink_to(PROJECT / "clients")
    for block in blocks(PROJECT / "README.md"):
        if block.output is None and "cat >" in block.command:
            activate, _, rest = block.command.partition("\n")
            assert activate == ". .venv/bin/activate"
            session.run(Block(block.line, rest, None))
    return session


async def test_the_command(session: Session) -> None:
    """The `leaderboard` commands in README print the output shown there, in its order."""
    for block in _of("README.md", "leaderboard"):
        await asyncio.to_thread(session.check, block)


@pytest.mark.parametrize("document", ["contests.md", "removal.md", "seasons.md", "standings.md"])
async def test_pages_for_callers(session: Session, document: str) -> None:
    """The commands in a page for callers print the output shown there, in its order."""
    page = blocks(PROJECT / "docs" / document)
    if any(block.command.startswith("grpcurl ") for block in page):
        _require_grpcurl()
    for block in page:
        run = session.run if block.output is None else session.check
        await asyncio.to_thread(run, block)


def test_every_method_has_an_example() -> None:
    """The page of grpcurl shows a call of each method."""
    shown = "".join(block.command for block in _of("docs/grpcurl.md", "grpcurl"))

    assert {rpc for rpc in RPCS if f"/{rpc}" in shown} == set(RPCS)


@pytest.mark.parametrize("document", ["README.md", "docs/grpcurl.md"])
async def test_grpcurl(session: Session, document: str) -> None:
    """The grpcurl commands in a document print the output shown there, against a new server."""
    _require_grpcurl()
    for block in _of(document, "grpcurl"):
        await asyncio.to_thread(session.check, block)


def _require_grpcurl() -> None:
    if not is_there():
        reason = "no grpcurl in PATH or .tools/bin: `make tools` builds it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)

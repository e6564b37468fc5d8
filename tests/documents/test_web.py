"""The commands, answers and messages in `docs/web.md` are those of a gateway."""

import asyncio
import json
import shutil
import ssl
import sysconfig
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from documents.operations import PROJECT, Operator, block, lines
from documents.session import Block, Session, blocks, fenced, stable
from harness.built_page import require_page
from harness.certificates import Authority
from harness.gateway import GatewayProcess, gateway
from harness.http import HttpResponse, get
from harness.ports import free_port
from harness.processes import ChildProcess
from harness.service import ServiceProcess
from harness.waiting import eventually

pytestmark = pytest.mark.web

PAGE = PROJECT / "docs" / "web.md"
_GATEWAY = "127.0.0.1:8080"
_ADDRESS_OPTION = "--address 0.0.0.0:8443"
_BOARD = "/boards/final-2022"
_TOP = "/v1/contests/final-2022/top"

_SAMPLE = "make run-web"
_TLS = "--tls-cert chain.pem"
_WALL = "chromium --kiosk"
_ORIGINS = "--origins"
_TOKEN = "LEADERBOARD_WEB_VIEWER_TOKEN"
_PROXY = "--trusted-proxies"
_UPDATES = "leaderboard update final-2022"
_RUN = (_SAMPLE, _TLS, _WALL, _ORIGINS, _TOKEN, _PROXY, _UPDATES)
"""The blocks that a test runs; `make run-web` is run by `test_run_web.py`."""


def test_every_block_is_run() -> None:
    """Each shell block of the page is run by a test, and there are no others."""
    for each in blocks(PAGE):
        if each.output is None and each.command != "leaderboard web":
            assert sum(mark in each.command for mark in _RUN) == 1, f"line {each.line}"


class Gateways:
    """Runs blocks that start a gateway, each on a port of its own."""

    def __init__(self, folder: Path, service: str) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.folder = folder / "home"
        start = f"leaderboard web --server {service} --address {self.address}"
        self._operator = Operator(
            self.folder,
            {
                f"leaderboard web {_ADDRESS_OPTION}": start,
                "leaderboard web": start,
                "leaderboard serve": "exec sleep 60",
                _GATEWAY: self.address,
            },
        )

    async def start(self, block: Block) -> ChildProcess:
        """Start a gateway, and wait until it serves."""
        process = self._operator.serve(block)
        await eventually(lambda: '"serving"' in process.log.read_text(), "a gateway", within=30)
        return process

    def run(self, block: Block) -> str:
        """Run a block to its end, and return its output."""
        return self._operator.run(block)

    async def get(self, path: str, **headers: str) -> HttpResponse:
        """Send a request to the gateway."""
        return await get(self.address, path, Connection="close", **headers)

    def end(self) -> None:
        """End all gateways."""
        self._operator.end()


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="empty_service")
async def _empty_service(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[ServiceProcess]:
    """Yield a service that gateways of all tests may call."""
    folder = tmp_path_factory.mktemp("service")
    async with ServiceProcess(folder, data_dir=folder / "data") as service:
        yield service


@pytest.fixture(name="gateways")
def _gateways(empty_service: ServiceProcess, tmp_path: Path) -> Iterator[Gateways]:
    gateways = Gateways(tmp_path, empty_service.address)
    yield gateways
    gateways.end()


@pytest.fixture(name="one_gateway")
def _one_gateway(service: ServiceProcess) -> Iterator[GatewayProcess]:
    with gateway(service.address) as process:
        yield process


@pytest.fixture(name="session")
def _session(service: ServiceProcess, one_gateway: GatewayProcess, tmp_path: Path) -> Session:
    """Return a session whose contest has the scores of the page."""
    scripts = sysconfig.get_path("scripts")
    session = Session(tmp_path, service.address, scripts, {_GATEWAY: one_gateway.address})
    session.run(block(_UPDATES, PAGE))
    return session


async def test_answers(session: Session) -> None:
    """The requests print the answers on the page, in their order."""
    shown = [each for each in blocks(PAGE) if each.output is not None]
    assert shown
    for each in shown:
        await asyncio.to_thread(session.check, each)


async def test_messages(
    session: Session, one_gateway: GatewayProcess, service: ServiceProcess
) -> None:
    """A watch gets the messages on the page when the score changes as it says."""
    (text,) = fenced(PAGE, "json")
    url = f"ws://{one_gateway.address}/v1/contests/final-2022/watch?limit=1"
    async with connect(url) as watch:
        first = await watch.recv()
        command = "leaderboard update final-2022 messi 2 --event-type goal"
        await asyncio.to_thread(session.run, Block(0, command, None))
        second = await watch.recv()

    assert stable("\n".join(map(str, (first, second)))) == stable(text)


async def test_tls(gateways: Gateways) -> None:
    """With the files of a certificate the gateway serves HTTPS."""
    authority = Authority()
    authority.write(gateways.folder / "chain.pem", gateways.folder / "key.pem")
    await gateways.start(block(_TLS, PAGE))

    context = ssl.create_default_context(cadata=authority.pem.decode())
    with closing(HTTPSConnection(gateways.address, timeout=10, context=context)) as connection:
        await asyncio.to_thread(connection.request, "GET", _TOP)
        assert (await asyncio.to_thread(connection.getresponse)).status == 200


async def test_a_wall_screen(gateways: Gateways) -> None:
    """Of the three commands, the last one opens a page that the second one serves."""
    require_page()
    serve, web, screen = lines(block(_WALL, PAGE))
    assert serve.command == "leaderboard serve"
    await gateways.start(web)

    path = screen.command.partition(_GATEWAY)[2].strip("'")
    assert path.startswith(_BOARD)
    page = await gateways.get(path)
    assert page.status == 200
    if not shutil.which("chromium"):
        return
    headless = (
        "chromium --headless --no-sandbox --disable-gpu --virtual-time-budget=5000 --dump-dom"
    )
    shown = screen._replace(command=screen.command.replace(_WALL, headless))
    assert "final-2022" in await asyncio.to_thread(gateways.run, shown)


async def test_the_origins_of_pages_that_embed_boards(gateways: Gateways) -> None:
    """The policy names the pages that may have the board of the snippet in an iframe."""
    require_page()
    await gateways.start(block(_ORIGINS, PAGE))
    (snippet,) = fenced(PAGE, "html")
    path = snippet.partition("https://boards.example.org")[2].partition('"')[0]

    page = await gateways.get(path)

    assert page.status == 200
    policies = page.headers["content-security-policy"].split(";")
    (ancestors,) = [each.split() for each in policies if each.split()[0] == "frame-ancestors"]
    assert ancestors[1:] == ["'self'", "https://www.example.com", "https://blog.example.com"]
    assert (await gateways.get(_BOARD)).headers["content-security-policy"].count("'none'") > 1


async def test_a_token_for_viewers(gateways: Gateways) -> None:
    """Data need the token, in a header or as a subprotocol; pages do not."""
    require_page()
    await gateways.start(block(_TOKEN, PAGE))

    assert (await gateways.get(_BOARD)).status == 200
    refused = await gateways.get(_TOP)
    assert refused.status == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert (await gateways.get(_TOP, Authorization="Bearer correct-horse")).status == 200


async def test_a_trusted_proxy(gateways: Gateways) -> None:
    """A gateway starts with the address of a proxy."""
    await gateways.start(block(_PROXY, PAGE))

    assert (await gateways.get(_TOP, X_Forwarded_For="192.0.2.1")).status == 200


def test_the_messages_are_json() -> None:
    """Each message in the table of messages is a JSON object."""
    rows = [row.split("`")[1] for row in PAGE.read_text().splitlines() if row.startswith('| `{"')]
    assert len(rows) == 5
    for row in rows:
        json.loads(row.replace("[…]", "[]").replace("…", "{}"))

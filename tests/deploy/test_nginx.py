"""The reverse proxy of `deploy/nginx/`, run by nginx before a gateway."""

import asyncio
import json
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from email.message import Message
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from deploy.promtool import PROJECT
from harness.built_page import require_page
from harness.calls import add
from harness.certificates import Authority
from harness.gateway import gateway
from harness.ports import free_port
from harness.processes import ChildProcess
from harness.service import ServiceProcess
from harness.waiting import eventually

pytestmark = pytest.mark.web

CONFIGURATION = PROJECT / "deploy" / "nginx" / "leaderboard.conf"
_MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include leaderboard.conf;
}}
"""
_WATCHES_OF_AN_ADDRESS = 2


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: Message
    body: bytes


class Proxy(NamedTuple):
    """A running nginx with TLS."""

    port: int
    plain_port: int
    trusted: ssl.SSLContext

    @property
    def origin(self) -> Origin:
        """The origin of its pages."""
        return Origin(f"https://localhost:{self.port}")

    @property
    def watch_url(self) -> str:
        """The URL of a WebSocket."""
        return f"wss://localhost:{self.port}/v1/contests/cup/watch"

    def watch_as(self, address: str) -> connect:
        """Return a WebSocket of a caller that says that it has another address."""
        headers = {"X-Forwarded-For": address}
        return connect(self.watch_url, ssl=self.trusted, additional_headers=headers)

    async def get(self, path: str, **headers: str) -> Answer:
        """Send a request over TLS; an underscore in the name of a header is a hyphen."""
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPSConnection("localhost", self.port, timeout=10, context=self.trusted)
        return await asyncio.to_thread(_get, connection, path, own)

    async def get_plain(self, path: str) -> Answer:
        """Send a request without TLS."""
        connection = HTTPConnection("localhost", self.plain_port, timeout=10)
        return await asyncio.to_thread(_get, connection, path, {})


@pytest_asyncio.fixture(name="proxy")
async def _proxy(service: ServiceProcess, tmp_path: Path) -> AsyncIterator[Proxy]:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("no nginx: the example of a reverse proxy is not run")
    authority = Authority()
    authority.write(tmp_path / "chain.pem", tmp_path / "key.pem")
    proxy = Proxy(
        free_port(),
        free_port(),
        ssl.create_default_context(cadata=authority.pem.decode()),
    )
    limit = str(_WATCHES_OF_AN_ADDRESS)
    own = ("--trusted-proxies", "127.0.0.1", "--max-watches-per-address", limit)
    with gateway(service.address, *own) as upstream:
        _configure(tmp_path, proxy, upstream.address)
        process = ChildProcess([nginx, "-p", str(tmp_path), "-c", "nginx.conf"], tmp_path / "log")
        try:
            await eventually((tmp_path / "nginx.pid").exists, process.log_tail())
            yield proxy
        finally:
            process.end()
            print(process.log_tail())  # noqa: T201 - pytest shows it


def _configure(folder: Path, proxy: Proxy, upstream: str) -> None:
    """Write the example, with other addresses and files, and a configuration that includes it."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    for part, other in {
        "127.0.0.1:8080": upstream,
        "listen 80;": f"listen 127.0.0.1:{proxy.plain_port};",
        "listen [::]:80;": "",
        "listen 443 ssl": f"listen 127.0.0.1:{proxy.port} ssl",
        "listen [::]:443 ssl http2;": "",
        "boards.example.org": "localhost",
        "/etc/leaderboard": str(folder),
    }.items():
        assert part in text, part
        text = text.replace(part, other)
    (folder / "leaderboard.conf").write_text(text)
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder))


def _get(connection: HTTPConnection, path: str, headers: dict[str, str]) -> Answer:
    with closing(connection):
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


async def test_the_page_and_json(proxy: Proxy, service: ServiceProcess) -> None:
    """The page and the JSON of a board come through, and the JSON as the gateway compressed it."""
    require_page()
    await add(service.stub, "cup", "ada", 3)

    page = await proxy.get("/boards/cup")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    top = await proxy.get("/v1/contests/cup/top")
    assert json.loads(top.body)["users"][0]["score"] == "3"
    again = await proxy.get("/v1/contests/cup/top", if_none_match=top.headers["etag"])
    assert again.status == 304
    description = await proxy.get("/openapi.json", accept_encoding="gzip")
    assert description.headers["content-encoding"] == "gzip"


async def test_plain_http_leads_to_https(proxy: Proxy) -> None:
    """A request without TLS is redirected to the same path with it."""
    answer = await proxy.get_plain("/boards/cup?limit=5")

    assert answer.status == 308
    assert answer.headers["location"] == "https://localhost/boards/cup?limit=5"


async def test_a_watch_of_the_page(proxy: Proxy, service: ServiceProcess) -> None:
    """A WebSocket of the page's own origin gets changes; one of another origin is refused."""
    await add(service.stub, "cup", "ada", 3)
    async with connect(proxy.watch_url, ssl=proxy.trusted, origin=proxy.origin) as watch:
        assert "snapshot" in json.loads(await watch.recv())
        await add(service.stub, "cup", "bob", 4)
        assert "changes" in json.loads(await watch.recv())

    with pytest.raises(InvalidStatus) as refused:
        await connect(proxy.watch_url, ssl=proxy.trusted, origin=Origin("https://evil.example"))
    assert refused.value.response.status_code == 403


async def test_limits_count_the_address_that_the_proxy_saw(proxy: Proxy) -> None:
    """A caller gets no further watches by naming other addresses in its own headers."""
    async with AsyncExitStack() as stack:
        for number in range(_WATCHES_OF_AN_ADDRESS):
            await stack.enter_async_context(proxy.watch_as(f"192.0.2.{number}"))
        with pytest.raises(InvalidStatus) as refused:
            await proxy.watch_as("192.0.2.99")
        assert refused.value.response.status_code == 429

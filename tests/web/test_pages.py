"""The page as the gateway serves it: its files, their caching, and who may frame them."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from structlog.testing import capture_logs

from harness.http import HttpResponse, get
from leaderboard_server.http_server import HttpServer, listen
from leaderboard_web.pages import page_routes
from leaderboard_web.problems import SHOWN

_ORIGINS = ["https://a.example", "https://b.example"]
_SCRIPT = "assets/board-0123456789ab.js"
_FILES = {
    "board.html": b"<title>board</title>",
    "list.html": b"<title>list</title>",
    _SCRIPT: b"'board';",
    "assets/icon-0123456789ab.svg": b"<svg/>",
}


@pytest.fixture(name="built")
def _built(tmp_path: Path) -> Path:
    """Return a folder with a page as the build leaves it."""
    for name, content in _FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content))
    return tmp_path


@contextlib.asynccontextmanager
async def _serving(built: Path, origins: list[str] = _ORIGINS) -> AsyncIterator[str]:
    """Serve a page alone within the block; yield the address."""
    app = Starlette(routes=page_routes(origins, built), exception_handlers=SHOWN)
    config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = HttpServer(config)
    listening = listen("127.0.0.1:0", "serve")
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def _get(address: str, path: str, method: str = "GET", **headers: str) -> HttpResponse:
    return await get(address, path, method, Connection="close", **headers)


def _policy(response: HttpResponse) -> dict[str, str]:
    """Return the directives of the policy of a page."""
    directives = response.headers["content-security-policy"].split("; ")
    return {name: sources for name, _, sources in (each.partition(" ") for each in directives)}


@pytest.mark.parametrize(
    ("path", "file"),
    [("/boards", "list.html"), ("/boards/cup", "board.html"), ("/embed/a:b", "board.html")],
)
async def test_pages(built: Path, path: str, file: str) -> None:
    """Each path has its page, which a browser asks for again each time."""
    async with _serving(built) as address:
        page = await _get(address, path)
        assert (page.status, page.body) == (200, _FILES[file])
        assert page.headers["cache-control"] == "no-cache"
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        again = await _get(address, path, If_None_Match=page.headers["etag"])
        assert (again.status, again.body) == (304, b"")


async def test_nothing_but_the_gateway_itself_is_loaded(built: Path) -> None:
    """The policy of all pages allows no other origin, no inline code, and no markup from texts."""
    async with _serving(built) as address:
        for path in ("/boards", "/boards/cup", "/embed/cup"):
            policy = _policy(await _get(address, path))
            assert policy.pop("frame-ancestors")
            assert policy == {
                "default-src": "'none'",
                "script-src": "'self'",
                "style-src": "'self'",
                "img-src": "'self' data:",
                "connect-src": "'self'",
                "base-uri": "'none'",
                "form-action": "'none'",
                "require-trusted-types-for": "'script'",
                "trusted-types": "'none'",
            }


@pytest.mark.parametrize(
    ("origins", "ancestors"),
    [([], "'self'"), (_ORIGINS, "'self' https://a.example https://b.example"), (["*"], "*")],
)
async def test_only_embedded_boards_are_framed(
    built: Path, origins: list[str], ancestors: str
) -> None:
    """Listed origins may frame embedded boards; no origin may frame the other pages."""
    async with _serving(built, origins) as address:
        assert _policy(await _get(address, "/embed/cup"))["frame-ancestors"] == ancestors
        for path in ("/boards", "/boards/cup"):
            assert _policy(await _get(address, path))["frame-ancestors"] == "'none'"


async def test_assets_never_change(built: Path) -> None:
    """An asset, whose name has a hash of its content, is kept for good; an unknown one is a 404."""
    async with _serving(built) as address:
        script = await _get(address, f"/{_SCRIPT}")
        assert script.body == _FILES[_SCRIPT]
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert script.headers["x-content-type-options"] == "nosniff"
        unknown = await _get(address, "/assets/board-ffffffffffff.js")
        assert unknown.status == 404
        assert unknown.headers["content-type"] == "application/problem+json"
        assert "immutable" not in unknown.headers.get("cache-control", "")
        assert (await _get(address, "/assets/..%2Fboard.html")).status == 404


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br;q=1.0, GZIP;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.000", None),
        ("identity", None),
    ],
)
async def test_compression(built: Path, accepted: str, coding: str | None) -> None:
    """Files are compressed for those who accept it."""
    async with _serving(built) as address:
        response = await _get(address, "/boards/cup", Accept_Encoding=accepted)
        assert response.headers.get("content-encoding") == coding
        assert response.headers["vary"] == "Accept-Encoding"
        body = gzip.decompress(response.body) if coding else response.body
        assert body == _FILES["board.html"]


async def test_head_and_the_ways_in(built: Path) -> None:
    """HEAD has the headers of GET alone, two paths lead to the list, and there is an icon."""
    async with _serving(built) as address:
        head = await _get(address, "/boards", "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == str(len(_FILES["list.html"]))
        for path in ("/", "/boards/"):
            home = await _get(address, path)
            assert (home.status, home.headers["location"]) == (307, "/boards")
        icon = await _get(address, "/favicon.ico")
        assert (icon.body, icon.headers["content-type"]) == (b"<svg/>", "image/svg+xml")


async def test_page_that_was_not_built(tmp_path: Path) -> None:
    """Without the built page, the log and its paths say so: these with 503, which nothing keeps."""
    with capture_logs() as logs:
        page_routes([], tmp_path / "absent")
    assert [(entry["event"], entry["to_do"]) for entry in logs] == [
        ("page_missing", "`make page` in a checkout")
    ]
    async with _serving(tmp_path / "absent") as address:
        for path in ("/boards", "/boards/cup", "/embed/cup"):
            page = await _get(address, path)
            assert page.status == 503
            assert "The page was not built" in page.text
            assert page.headers["cache-control"] == "no-store"
        assert (await _get(address, "/favicon.ico")).status == 404

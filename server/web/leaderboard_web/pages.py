"""The page: HTML for boards, frames and the list of boards, with assets named by their content."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from leaderboard_web.problems import Problem

_log = structlog.get_logger()

BUILT = Path(__file__).parent / "static"
"""The folder that the build of the page writes."""

_BOARD = "board.html"
_LIST = "list.html"
_ICON = "assets/icon-"

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors "
)

_NOT_BUILT = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>The page was not built</title>
<h1>The page was not built</h1>
<p>This gateway serves boards as JSON under <code>/v1/</code>, but its page is missing.
<p>In a checkout, run <code>make page</code>, then start the gateway again.
"""


@dataclass(frozen=True)
class _File:
    """A built file, as it is and compressed."""

    content: bytes
    compressed: bytes
    media_type: str
    etag: str


def page_routes(origins: Iterable[str], built: Path = BUILT) -> list[BaseRoute]:
    """Return the routes of the page, which holds its files in memory.

    Args:
        origins: The origins of other pages that may embed boards; `*` for all.

        built: The folder of the built page. Without one, the pages say so with status 503.
    """
    files = _read(built)
    if not files:
        _log.warning("page_missing", reason="it was not built", to_do="`make page` in a checkout")
    own = _POLICY + "'none'"
    embedded = _POLICY + _ancestors(origins)

    async def show_board(request: Request) -> Response:
        return _page(request, files.get(_BOARD), own)

    async def show_frame(request: Request) -> Response:
        return _page(request, files.get(_BOARD), embedded)

    async def show_list(request: Request) -> Response:
        return _page(request, files.get(_LIST), own)

    async def show_asset(request: Request) -> Response:
        file = files.get(f"assets/{request.path_params['name']}")
        return _asset(request, file, "public, max-age=31536000, immutable")

    async def show_icon(request: Request) -> Response:
        icon = next((file for name, file in files.items() if name.startswith(_ICON)), None)
        return _asset(request, icon, "public, max-age=86400")

    return [
        Route("/", _to_list),
        Route("/boards/", _to_list),
        Route("/boards", show_list),
        Route("/boards/{contest}", show_board),
        Route("/embed/{contest}", show_frame),
        Route("/assets/{name}", show_asset),
        Route("/favicon.ico", show_icon),
    ]


def _read(built: Path) -> dict[str, _File]:
    names = [path for path in built.rglob("*") if path.suffix in _MEDIA_TYPES]
    return {path.relative_to(built).as_posix(): _read_file(path) for path in names}


def _read_file(path: Path) -> _File:
    content = path.read_bytes()
    return _File(
        content=content,
        compressed=path.with_name(f"{path.name}.gz").read_bytes(),
        media_type=_MEDIA_TYPES[path.suffix],
        etag=f'W/"{hashlib.sha256(content).hexdigest()[:16]}"',
    )


def _ancestors(origins: Iterable[str]) -> str:
    allowed = ["'self'", *origins]
    return "*" if "*" in allowed else " ".join(allowed)


async def _to_list(_request: Request) -> Response:
    return RedirectResponse("/boards")


def _page(request: Request, file: _File | None, policy: str) -> Response:
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if file is None:
        headers["Cache-Control"] = "no-store"
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return Response(_NOT_BUILT, status, headers, _MEDIA_TYPES[".html"])
    return _response(request, file, headers)


def _asset(request: Request, file: _File | None, caching: str) -> Response:
    if file is None:
        raise Problem(HTTPStatus.NOT_FOUND, "there is no such file")
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff"}
    return _response(request, file, headers)


def _response(request: Request, file: _File, headers: dict[str, str]) -> Response:
    headers = headers | {"ETag": file.etag, "Vary": "Accept-Encoding"}
    if _is_known(request.headers, file.etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    content = file.content
    if _accepts_gzip(request.headers):
        content = file.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers=headers, media_type=file.media_type)


def _is_known(headers: Headers, etag: str) -> bool:
    known = headers.get("if-none-match", "").split(",")
    return any(each.strip() in (etag, "*") for each in known)


def _accepts_gzip(headers: Headers) -> bool:
    for coding in headers.get("accept-encoding", "").lower().split(","):
        name, _, quality = coding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return not quality or quality.strip("0.") != ""
    return False

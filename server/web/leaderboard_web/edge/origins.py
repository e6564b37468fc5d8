"""Origins of pages that may use the gateway: CORS for requests, a check for WebSockets.

A request without an origin is not of another page. Neither credentials nor cookies are used, so an
origin that may read needs no further rights.
"""

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import Scope

from leaderboard_web.problems import Problem

ANY = "*"
_PATHS = ("/v1/", "/openapi.json")
"""Where other pages may send requests to."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SCHEMES = {"ws": "http", "wss": "https"}
_ALLOW = "GET, HEAD, OPTIONS"
_PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "authorization, if-none-match",
    "access-control-max-age": "7200",
}


class Origins:
    """The origins whose pages may use the gateway, besides its own."""

    def __init__(self, listed: Iterable[str]) -> None:
        """Take origins such as `https://a.example`; `*` for all."""
        self._listed = frozenset(map(_normal, listed))
        self._any = ANY in self._listed

    def check(self, scope: Scope) -> None:
        """Check the handshake of a WebSocket, which browsers send to any origin.

        Raises:
            Problem: It is of a page of an origin that is neither listed nor that of the gateway.
        """
        origins = Headers(scope=scope).getlist("origin")
        if scope["type"] != "websocket" or not origins:
            return
        if len(origins) > 1 or not (self._allows(origins[0]) or _is_own(origins[0], scope)):
            raise Problem(403, "pages of this origin may not watch contests; see --origins")

    def answer(self, scope: Scope) -> Response | None:
        """Return the answer to a request with OPTIONS, such as a preflight of CORS."""
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            return None
        headers = Headers(scope=scope)
        is_preflight = "origin" in headers and "access-control-request-method" in headers
        allowed = is_preflight and _is_shared(scope) and self._allows(headers["origin"])
        return Response(status_code=204, headers=_PREFLIGHT if allowed else {"allow": _ALLOW})

    def add_headers(self, headers: MutableHeaders, scope: Scope) -> None:
        """Add the headers that let a page of a listed origin read a response."""
        if not self._listed or not _is_shared(scope):
            return
        if not self._any:
            headers.add_vary_header("Origin")
        origin = Headers(scope=scope).get("origin")
        if origin and self._allows(origin):
            headers["access-control-allow-origin"] = ANY if self._any else origin
            headers["access-control-expose-headers"] = "ETag, Retry-After"

    def _allows(self, origin: str) -> bool:
        return self._any or _normal(origin) in self._listed


def _is_shared(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.startswith(_PATHS)


def _is_own(origin: str, scope: Scope) -> bool:
    scheme = _SCHEMES.get(scope["scheme"], scope["scheme"])
    host = Headers(scope=scope).get("host", "")
    return bool(host) and _normal(origin) == _normal(f"{scheme}://{host}")


def _normal(origin: str) -> str:
    """Return an origin in lower case, without the default port of its scheme."""
    origin = origin.lower()
    return origin.removesuffix(_DEFAULT_PORTS.get(origin.partition("://")[0], ""))

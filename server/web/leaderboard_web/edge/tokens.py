"""The token that viewers need, if there is one: for all data, not for pages and their files."""

import base64
import binascii
import hashlib
import hmac

from starlette.datastructures import Headers
from starlette.types import Scope

from leaderboard_web.problems import Problem

_DATA = "/v1/"
_SCHEME = "bearer"
_SUBPROTOCOL = "leaderboard.token."
"""The prefix of the subprotocol by which browsers, whose WebSockets have no headers, send a token:
base64url without padding follows."""


class ViewerToken:
    """The token of viewers."""

    def __init__(self, token: str) -> None:
        self._digest = _digest(token.encode())

    def check(self, scope: Scope) -> None:
        """Check a request for data.

        Raises:
            Problem: It has no token, or another one.
        """
        if not scope["path"].startswith(_DATA):
            return
        presented = _presented(scope)
        # Digests, so that the comparison takes the same time also for tokens of other lengths.
        if presented is None or not hmac.compare_digest(_digest(presented), self._digest):
            detail = "a token is needed" if presented is None else "the token is wrong"
            raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="leaderboard"'})


def _presented(scope: Scope) -> bytes | None:
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    if scheme.lower() == _SCHEME:
        return token.strip().encode("latin-1")
    for subprotocol in scope.get("subprotocols", ()):
        if subprotocol.startswith(_SUBPROTOCOL):
            return _decoded(subprotocol.removeprefix(_SUBPROTOCOL))
    return None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()

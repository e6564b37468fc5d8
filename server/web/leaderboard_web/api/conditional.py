"""Responses that callers keep: entity tags, 304 Not Modified and gzip."""

import gzip
import re
from collections.abc import Callable
from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

MIN_GZIP_BYTES = 1_024
"""The size from which a body is compressed; a smaller one fits into a packet anyhow."""
_GZIP_LEVEL = 3
"""Half the time of the usual 6, for a tenth more bytes."""
_TAG = re.compile(r'(?:W/)?("[^"]*")')
_NO_WEIGHT = re.compile(r"q=0(\.0{0,3})?")


def json_response(request: Request, tag: str | None, make: Callable[[], bytes]) -> Response:
    """
    Return JSON, or 304 if the caller has it.

    Args:
        request: The request, with the tags that the caller has.
        tag: The entity tag; None if it comes from the bytes.
        make: Returns the bytes of the body. Not called for a tag that the caller has.
    """
    body = None
    if tag is None:
        body = make()
        tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    body = make() if body is None else body
    if len(body) >= MIN_GZIP_BYTES and accepts_gzip(",".join(_all(request, "accept-encoding"))):
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type="application/json")


def accepts_gzip(header: str) -> bool:
    """Return whether an Accept-Encoding header accepts gzip, by name or with `*`."""
    accepted = {}
    for part in header.lower().split(","):
        coding, *settings = (word.strip() for word in part.split(";"))
        accepted[coding] = not any(map(_NO_WEIGHT.fullmatch, settings))
    return accepted.get("gzip", accepted.get("*", False))


def _has(request: Request, tag: str) -> bool:
    """Return whether the caller has the body with this tag; tags are compared weakly."""
    header = ",".join(_all(request, "if-none-match"))
    if not header:
        return False
    return header.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(header)


def _all(request: Request, name: str) -> list[str]:
    return request.headers.getlist(name)

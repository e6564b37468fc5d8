"""Security headers of all responses; a page sets some of them itself, and then its own hold."""

from typing import TypeAlias

Headers: TypeAlias = list[tuple[bytes, bytes]]
"""Headers as ASGI has them, with names in lower case."""

EMBED_PATH = "/embed/"

SECURITY_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # Requests with CORS are not subject to it, and it doesn't keep a page out of a plain iframe.
    (b"cross-origin-resource-policy", b"same-origin"),
]
# Pages that require it of everything they load (COEP) may have a board in an iframe.
_OF_EMBEDDED = (b"cross-origin-resource-policy", b"cross-origin")


def add_security_headers(headers: Headers, path: str) -> None:
    """Add the headers that a response does not have."""
    if path.startswith(EMBED_PATH):
        headers.append(_OF_EMBEDDED)
    present = {name for name, _ in headers}
    headers.extend(header for header in SECURITY_HEADERS if header[0] not in present)

"""Security headers of all responses; a page sets some of them itself, and then its own hold."""

from starlette.datastructures import MutableHeaders

EMBED_PATH = "/embed/"

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    # Requests with CORS are not subject to it, and it doesn't keep a page out of a plain iframe.
    "cross-origin-resource-policy": "same-origin",
}


def add_security_headers(headers: MutableHeaders, path: str) -> None:
    """Add the headers that a response does not have."""
    if path.startswith(EMBED_PATH):
        # Pages that require it of everything they load (COEP) may have the board in an iframe.
        headers.setdefault("cross-origin-resource-policy", "cross-origin")
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)

"""Finds the secrets in the URL of a store."""

from urllib.parse import SplitResult, parse_qs, urlsplit


def holds_password(url: str) -> bool:
    """Return whether a URL has the password of the store's user."""
    parts = _split(url)
    return parts is not None and bool(parts.password or "password" in parse_qs(parts.query))


def holds_secret(url: str) -> bool:
    """Return whether a URL has any password: the user's, that of the sentinels, or of a TLS key."""
    parts = _split(url)
    return parts is not None and (
        bool(parts.password) or any("password" in option for option in parse_qs(parts.query))
    )


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL, None if it has none: then the driver rejects it as well.

    Brackets don't matter for that, and in a list of addresses some versions of Python refuse them.
    """
    try:
        return urlsplit(url.replace("[", "").replace("]", ""))
    except ValueError:
        return None

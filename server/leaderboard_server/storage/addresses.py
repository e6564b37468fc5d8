"""Addresses of stores."""

from typing import NamedTuple
from urllib.parse import urlsplit


class Address(NamedTuple):
    """Host and port of a store."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return `HOST:PORT`, with an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address of `HOST:PORT`; an IPv6 address stands in brackets.

    Raises:
        ValueError: It has another form.
    """
    parts = urlsplit(f"//{text}")
    if parts.hostname is None or parts.port is None:
        raise ValueError("must be HOST:PORT")
    return Address(parts.hostname, parts.port)

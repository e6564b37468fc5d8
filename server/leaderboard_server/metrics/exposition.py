"""Writes the metrics of a registry as text, in the format that the reader asks for."""

import gzip
from typing import NamedTuple

from prometheus_client.exposition import choose_encoder, gzip_accepted
from prometheus_client.registry import Collector


class Exposition(NamedTuple):
    """A text of metrics."""

    body: bytes
    headers: dict[str, str]
    """The HTTP headers that describe it."""


def exposition(registry: Collector, *, accept: str = "", accept_encoding: str = "") -> Exposition:
    """Return all metrics of a registry.

    Args:
        registry: Collects them.

        accept: The HTTP header of the request: OpenMetrics where it names that, else the text
            format of Prometheus.

        accept_encoding: The same; compressed where it names gzip.
    """
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no number
        encode, content_type = choose_encoder("")
    body = encode(registry)
    headers = {"Content-Type": content_type}
    if gzip_accepted(accept_encoding):
        body = gzip.compress(body)
        headers["Content-Encoding"] = "gzip"
    return Exposition(body, headers)

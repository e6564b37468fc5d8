"""Addresses of callers, as limits count them, and the addresses of trusted proxies."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

_IPV6_PREFIX = 64
"""The part of an IPv6 address that names a network: one caller has all addresses in it."""
_MAX_LENGTH = 64
"""Longer texts, of a proxy that names something else than an address, are cut."""


@lru_cache(maxsize=4_096)
def address_key(host: str) -> str:
    """Return what limits count by: an IPv4 address, or the network of an IPv6 address."""
    host = host[:_MAX_LENGTH]
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address.packed, _IPV6_PREFIX), strict=False))
    return host


class Networks:
    """A set of addresses and networks."""

    def __init__(self, networks: Iterable[str]) -> None:
        """Take addresses such as `10.0.0.1`, and networks such as `10.0.0.0/8`."""
        self._networks = [ip_network(network) for network in networks]

    def __contains__(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

"""Chooses the listener: the front where it is installed, unless one is asked for."""

from importlib.util import find_spec
from typing import Literal, TypeAlias

from leaderboard_server.transport.grpcio import GrpcioListener
from leaderboard_server.transport.listener import Endpoint, Limits, Listener, Services
from leaderboard_server.transport.response_cache import ResponseCache

ListenerName: TypeAlias = Literal["front", "grpcio"]


class FrontMissing(Exception):
    """The front was asked for and is not installed."""

    def __init__(self) -> None:
        super().__init__("front is not installed; `make front` builds and installs it")


def choose(name: Literal["auto"] | ListenerName) -> ListenerName:
    """Return which listener serves.

    Raises:
        FrontMissing: It was asked for.
    """
    installed = find_spec("leaderboard_front") is not None
    if name == "front" and not installed:
        raise FrontMissing
    return "front" if name == "front" or (name == "auto" and installed) else "grpcio"


def make_listener(
    name: ListenerName, services: Services, endpoint: Endpoint, limits: Limits, ready: ResponseCache
) -> Listener:
    """Return a listener of this name, which is not open yet; it holds `ready` if it can."""
    if name == "grpcio":
        return GrpcioListener(services, endpoint, limits)
    # What isn't installed can't be imported before it is chosen.
    from leaderboard_server.transport.front import FrontListener  # noqa: PLC0415

    return FrontListener(services, endpoint, limits, ready)

"""Chooses the listener: the front where it is installed, unless the settings name one."""

from importlib.util import find_spec
from typing import Literal, TypeAlias

from leaderboard_server.transport.grpcio import GrpcioListener
from leaderboard_server.transport.listener import Endpoint, Limits, Listener
from leaderboard_server.transport.observation import Observation

ListenerName: TypeAlias = Literal["front", "grpcio"]


class FrontMissing(Exception):
    """The settings name the front, and it is not installed."""

    def __init__(self) -> None:
        super().__init__("front is not installed; `make front` builds and installs it")


def choose(name: Literal["auto"] | ListenerName) -> ListenerName:
    """Return the name of the listener that serves.

    Raises:
        FrontMissing: It is the front, which is not installed.
    """
    installed = find_spec("leaderboard_front") is not None
    if name == "front" and not installed:
        raise FrontMissing
    return "front" if name == "front" or (name == "auto" and installed) else "grpcio"


def make_listener(
    name: ListenerName,
    endpoint: Endpoint,
    limits: Limits,
    observation: Observation = Observation(),  # noqa: B008 - immutable
) -> Listener:
    """Return a listener of this name, which is not started yet."""
    if name == "grpcio":
        return GrpcioListener(endpoint, limits, observation)
    # Imported late, since it may not be installed.
    from leaderboard_server.transport.front import FrontListener  # noqa: PLC0415

    return FrontListener(endpoint, limits, observation)

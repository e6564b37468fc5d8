"""An endpoint: a path that is read with GET, and the call of the contract that answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from leaderboard_web.api.parameters import Parameter

CONTEST = "contest"
"""The parameter of paths that names the contest."""


@dataclass(frozen=True)
class Link:
    """An endpoint that takes something of a response as a parameter."""

    method: str
    """The call of that endpoint."""
    description: str
    parameters: dict[str, str]
    """Where each parameter comes from: runtime expressions of OpenAPI."""


@dataclass(frozen=True)
class Endpoint:
    """A path that is read with GET, and the call that answers it."""

    path: str
    method: str
    """The call of the contract."""
    request: type[Message]
    response: type[Message]
    parameters: tuple[Parameter, ...]
    summary: str
    description: str
    example: Message
    """An example of the body."""
    reasons: tuple[str, ...]
    """The reasons of the contract for which it is not found or conflicts, beside those of all."""
    links: tuple[Link, ...] = ()
    """The endpoints that take something of the response."""
    has_position: bool = True
    """Whether the position in the response determines the rest of it."""
    body: Callable[[Any], Message] = lambda response: response
    """Returns the part of the response that is the body."""

    @property
    def of_contest(self) -> bool:
        """Whether its path names a contest."""
        return f"{{{CONTEST}}}" in self.path


def operation_id(method: str) -> str:
    """Return the name of the operation of a call, such as `getTopUsers`."""
    return method[0].lower() + method[1:]

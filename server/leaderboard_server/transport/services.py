"""All that is served beside each other on one address: the service, health and reflection."""

from collections.abc import Mapping
from typing import TypeVar

from leaderboard_server.transport.health import HEALTH, Health
from leaderboard_server.transport.listener import Services
from leaderboard_server.transport.methods import SERVICE_NAME, Methods
from leaderboard_server.transport.reflection import reflection

Method = TypeVar("Method")


def services(methods: Methods, health: Health) -> Services:
    """Return the methods of all services by path; health is answered whatever is under way."""
    return Services(
        unary=_by_path(methods.unary) | health.unary,
        stream=_by_path(methods.stream) | health.stream,
        conversation=reflection(SERVICE_NAME, HEALTH),
        unlimited=frozenset(health.unary) | frozenset(health.stream),
    )


def _by_path(methods: Mapping[str, Method]) -> dict[str, Method]:
    return {f"/{SERVICE_NAME}/{name}": method for name, method in methods.items()}

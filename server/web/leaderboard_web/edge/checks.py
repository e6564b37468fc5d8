"""Checks requests and handshakes before the application sees them, the cheapest check first."""

from collections.abc import Callable
from math import ceil

from starlette.types import ASGIApp, Receive, Scope, Send

from leaderboard_web.config import WebConfig
from leaderboard_web.edge.addresses import caller_of
from leaderboard_web.edge.hosts import Hosts
from leaderboard_web.edge.origins import Origins
from leaderboard_web.edge.rate import RateLimit
from leaderboard_web.edge.request_form import check_form
from leaderboard_web.edge.tokens import ViewerToken
from leaderboard_web.problems import Problem, problem_response

_BURST = 2
"""How many times the requests of a second an address may send at once."""


class Checks:
    """An application that gets only requests which passed all checks."""

    def __init__(
        self, app: ASGIApp, config: WebConfig, origins: Origins, count: Callable[[str], None]
    ) -> None:
        """Wrap an application.

        Args:
            app: It answers what passed.

            config: The settings.

            origins: The origins of pages.

            count: Counts a refusal by the name of its check.
        """
        self._app = app
        self._origins = origins
        self._count = count
        self._rate = RateLimit(config.rate, burst=_BURST * config.rate)
        self._checks: dict[str, Callable[[Scope], None]] = {
            "rate": self._check_rate,
            "form": check_form,
            "host": Hosts(config.address, config.origin_list).check,
            "origin": origins.check,
        }
        self._token = (
            ViewerToken(config.viewer_token.get_secret_value()) if config.viewer_token else None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what does not pass, and pass everything else on."""
        try:
            self._check(self._checks, scope)
            answer = self._origins.answer(scope)
            if answer is None and self._token:
                self._check({"token": self._token.check}, scope)
        except Problem as problem:
            answer = problem_response(problem)
        await (answer or self._app)(scope, receive, send)

    def _check(self, checks: dict[str, Callable[[Scope], None]], scope: Scope) -> None:
        for name, check in checks.items():
            try:
                check(scope)
            except Problem:
                self._count(name)
                raise

    def _check_rate(self, scope: Scope) -> None:
        if wait_s := self._rate.take(caller_of(scope)):
            raise Problem(
                429,
                "too many requests of this address",
                headers={"Retry-After": str(ceil(wait_s))},
            )

"""The edge around the application: what each request and handshake passes, in order."""

from starlette.types import ASGIApp

from leaderboard_web.config import WebConfig
from leaderboard_web.edge.access_log import log_request
from leaderboard_web.edge.addresses import CallerAddresses
from leaderboard_web.edge.checks import Checks
from leaderboard_web.edge.gateway_metrics import GatewayMetrics
from leaderboard_web.edge.observed import EndedRequest, Observed
from leaderboard_web.edge.origins import Origins
from leaderboard_web.edge.responses import Responses

_WEBSOCKET = "websocket"


def protect(app: ASGIApp, config: WebConfig, metrics: GatewayMetrics) -> ASGIApp:
    """Return an application that passes on what is allowed, and observes everything."""

    def on_ended(request: EndedRequest) -> None:
        seconds = None if request.scope["type"] == _WEBSOCKET else request.seconds
        metrics.count_request(request.route, request.status, seconds)
        log_request(config.access_log, request)

    origins = Origins(config.origin_list)
    checked = Checks(app, config, origins, metrics.count_refusal)
    observed = Observed(Responses(checked, origins), on_ended)
    return CallerAddresses(observed, config.trusted_proxy_list)

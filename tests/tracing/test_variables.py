"""The standard variables of OpenTelemetry, and what a server does that can't trace."""

import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from leaderboard_server.tracing.start import requested_exporter, start_tracing

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317"}
WITHOUT_VARIABLES = """
import asyncio, sys
sys.modules["opentelemetry"] = None  # the driver of the store imports it too, where it is installed
from leaderboard_server.app import running
from leaderboard_server.config import Config
from leaderboard_server.tracing.start import start_tracing

async def main():
    config = Config(address="127.0.0.1:0", listener="grpcio", redis_url="redis://127.0.0.1:1")
    async with running(config, start_tracing({})):
        for module in ("exporting", "otel"):
            assert f"leaderboard_server.tracing.{module}" not in sys.modules

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("variables", "exporter"),
    [
        ({}, None),
        ({"OTEL_SERVICE_NAME": "scores"}, None),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp_proto_grpc"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none"} | ENDPOINT, None),
        ({"OTEL_TRACES_EXPORTER": " "} | ENDPOINT, "otlp_proto_grpc"),
        (ENDPOINT, "otlp_proto_grpc"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4317"}, "otlp_proto_grpc"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"} | ENDPOINT, "otlp_proto_http"),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"} | ENDPOINT, "otlp_proto_grpc"),
        ({"OTEL_SDK_DISABLED": "true"} | ENDPOINT, None),
        ({"OTEL_SDK_DISABLED": "false"} | ENDPOINT, "otlp_proto_grpc"),
    ],
)
def test_the_variables_choose_the_exporter(variables: dict[str, str], exporter: str | None) -> None:
    """Traces are exported if an exporter or an endpoint is set, and the SDK is not disabled."""
    assert requested_exporter(variables) == exporter


def test_without_the_variables_opentelemetry_is_not_imported() -> None:
    """A server without traces loads nothing of it, and serves where it is not installed."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_VARIABLES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without the extra serves without traces, and says what to install."""
    for module in ("exporting", "otel"):
        monkeypatch.delitem(sys.modules, f"leaderboard_server.tracing.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with capture_logs() as logs:
        tracing = start_tracing(ENDPOINT)

    assert not tracing.is_on
    (entry,) = logs
    assert (entry["event"], entry["log_level"]) == ("otel_missing", "warning")
    assert "leaderboard-server[otel]" in entry["to_do"]


@pytest.mark.parametrize(
    "variables",
    [{"OTEL_TRACES_EXPORTER": "pigeon"}, {"OTEL_EXPORTER_OTLP_PROTOCOL": "pigeon"} | ENDPOINT],
)
def test_the_exporter_is_not_installed(variables: dict[str, str]) -> None:
    """A server serves without traces if there is no such exporter, and names it."""
    with capture_logs() as logs:
        tracing = start_tracing(variables)

    assert not tracing.is_on
    (entry,) = logs
    assert (entry["event"], entry["log_level"]) == ("tracing_failed", "warning")
    assert "pigeon" in entry["reason"]

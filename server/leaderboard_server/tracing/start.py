"""Starts tracing where the standard variables of OpenTelemetry ask for it."""

from collections.abc import Mapping

import structlog

from leaderboard_server.tracing.wiring import Traced, Tracing, Untraced

_log = structlog.get_logger()

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OTLP_EXPORTERS = {
    "": "otlp_proto_grpc",
    "grpc": "otlp_proto_grpc",
    "http/protobuf": "otlp_proto_http",
}


def start_tracing(environment: Mapping[str, str]) -> Tracing:
    """Return tracing as the variables say; without spans, and with a warning, where it fails.

    OpenTelemetry is imported only if spans are wanted.
    """
    name = requested_exporter(environment)
    if name is None:
        return Untraced()
    try:
        from leaderboard_server.tracing.exporting import Exporting  # noqa: PLC0415 - an extra
        from leaderboard_server.tracing.otel import OtelTracer  # noqa: PLC0415 - the same
    except ImportError as error:
        _log.warning(
            "otel_missing",
            reason=f"the environment asks for traces, but the extra `otel` is missing: {error}",
            to_do="pip install 'leaderboard-server[otel]', or set OTEL_SDK_DISABLED=true",
        )
        return Untraced()
    try:
        exporting = Exporting(name)
        tracer = OtelTracer(exporting.processor)
    except Exception as error:  # noqa: BLE001 - whatever it is, the server serves without traces
        _log.warning("tracing_failed", reason=f"{type(error).__name__}: {error}")
        return Untraced()
    _log.info("tracing_started", exporter=name, sampler=tracer.sampler)
    return Traced(tracer, exporting.close)


def requested_exporter(environment: Mapping[str, str]) -> str | None:
    """Return the entry point of the exporter that the variables ask for; None for no traces.

    As OpenTelemetry specifies it, but that nothing is exported unless an exporter or an endpoint is
    set.
    """
    if _read(environment, "OTEL_SDK_DISABLED").lower() == "true":
        return None
    name = _read(environment, "OTEL_TRACES_EXPORTER")
    if name == "otlp" or (not name and _read(environment, *_ENDPOINTS)):
        protocol = _read(environment, *_PROTOCOLS)
        return _OTLP_EXPORTERS.get(protocol, f"otlp over {protocol}")
    return None if name in ("", "none") else name


def _read(environment: Mapping[str, str], *names: str) -> str:
    """Return the first of these variables that is not empty."""
    return next(filter(None, (environment.get(name, "").strip() for name in names)), "")

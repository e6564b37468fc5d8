"""Passes the caller's current trace on to the server, where the program uses OpenTelemetry.

This package does not depend on OpenTelemetry. A program that does has imported it: only then there
is a trace, and only then the propagators that the program has set up are called.
"""

import sys

_TRACING = "opentelemetry.trace"
"""The module without which a program has no trace."""


def trace_metadata() -> tuple[tuple[str, str], ...]:
    """Return the metadata that carry the current trace, such as `traceparent`; else none."""
    if _TRACING not in sys.modules:
        return ()
    from opentelemetry import propagate  # noqa: PLC0415 - only where the program uses it

    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return tuple(carrier.items())


def leave_trace() -> None:
    """Leave the trace that this task was started in, for work that is not part of it."""
    if _TRACING in sys.modules:
        from opentelemetry import context  # noqa: PLC0415 - only where the program uses it

        context.attach(context.Context())

"""Traces of OpenTelemetry: spans of calls, of their shared commits, and of the store's scripts.

Nothing here is in use, and OpenTelemetry is not imported, unless its variables ask for traces. Then
`wiring.py` puts a traced variant around parts of the server where it is built. Only `otel.py` knows
OpenTelemetry; all others know `spans.py`.
"""

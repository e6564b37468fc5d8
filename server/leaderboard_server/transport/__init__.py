"""The gRPC edge: listeners, checked requests, encoded responses, and one table of statuses.

Listeners (`grpcio.py`, `front.py`) move bytes and know no messages; they serve `methods.py`.
"""

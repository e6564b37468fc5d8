"""The edge: bytes in, checked values to the service, bytes out; and one table of statuses.

Listeners (`grpcio.py`) move bytes and know nothing of messages; `methods.py` is what they serve.
"""

"""The edge: bytes in, checked values to the service, bytes out; and one table of statuses.

Listeners (`grpcio.py`, `front.py`) move bytes and know nothing of messages; `services.py` is what
they serve.
"""

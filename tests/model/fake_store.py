"""Runs fakeredis, a Redis in Python, as a store that other processes connect to."""

import threading
from typing import Any

from fakeredis import TcpFakeServer
from fakeredis._clients._tcp_server import TCPFakeRequestHandler
from redis.exceptions import ResponseError

from harness.fake_scripts import run_flagged_scripts
from harness.ports import free_port


class FakeStore:
    """A fake Redis 7.0 behind a port of this process, without persistence."""

    def __init__(self) -> None:
        self.port = free_port()
        self.ports = (self.port,)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._server = TcpFakeServer(("127.0.0.1", self.port), server_version=(7, 0))
        self._server.RequestHandlerClass = _Connection
        run_flagged_scripts(self._server.fake_server)
        self._thread = threading.Thread(target=self._server.serve_forever)

    async def start(self) -> None:
        """Start listening."""
        self._thread.start()

    def end(self) -> None:
        """Stop listening and wait for the threads of all connections."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


class _Connection(TCPFakeRequestHandler):
    """A connection that stays open after an error, as that to a real store does."""

    def setup(self) -> None:
        super().setup()
        read = self.current_client.read_response

        def read_response() -> Any:
            try:
                return read()
            except ResponseError as error:
                return error

        self.current_client.read_response = read_response  # type: ignore[method-assign,assignment]

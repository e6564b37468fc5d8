"""Serves texts of metrics, one after the other."""

import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class FakeMetrics:
    """A server of metrics for a block; the last text is repeated.

    Attributes:
        address: Its HOST:PORT.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """Serve these texts."""
        left = list(texts)

        class _Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = left.pop(0) if len(left) > 1 else left[0]
                self.send_response(200 if self.path == "/metrics" else 404)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

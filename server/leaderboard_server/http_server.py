"""HTTP servers within a process that has other parts: sockets, and a server without signals."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn


class HttpServer(uvicorn.Server):
    """A server that leaves signals to its process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


def listen(address: str, purpose: str) -> socket.socket:
    """Return a socket that listens at HOST:PORT; port 0 takes a free one.

    Args:
        address: The address.

        purpose: What it is for, as the verb of the error.

    Raises:
        OSError: The address can't be listened on.
    """
    host, _, port = address.rpartition(":")
    try:
        family, kind, _, _, target = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM
        )[0]
        with contextlib.ExitStack() as on_error:
            bound = on_error.enter_context(socket.socket(family, kind))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(target)
            bound.listen(1_024)  # two sockets may be bound to one address, but not listen on it
            on_error.pop_all()
    except OSError as error:
        raise OSError(f"can't {purpose} on {address}: {error.strerror}") from error
    return bound

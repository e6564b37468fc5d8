"""Takes the address that workers share, so that nobody else can listen on it."""

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def reserved_address(address: str) -> Iterator[str]:
    """Hold HOST:PORT, and yield it with the port that was taken if it was 0.

    Processes of this user that set SO_REUSEPORT, as the workers do, can listen on it. No other can,
    and nobody can hold it a second time, though that would also set SO_REUSEPORT.

    Raises:
        OSError: It is in use, or there is no such address.
    """
    host, _, port = address.rpartition(":")
    try:
        family, _, _, _, target = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM
        )[0]
        holder = _hold(family, target)
    except OSError as error:
        raise OSError(f"can't listen on {address}: {error.strerror}") from error
    with holder:
        yield f"{host}:{holder.getsockname()[1]}"


def _hold(family: int, target: tuple[object, ...]) -> socket.socket:
    """Return a socket that is bound to the address and does not listen.

    Listening is what tells that nobody else is there, but it takes connections that nobody accepts;
    so one socket listens for a moment and hands the address over to another. SO_REUSEADDR lets both
    pass by the connections of an earlier server that are not forgotten yet. It is cleared at the
    end, since it would let others pass by the holder.
    """
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(socket.socket(family))
        _set(first, socket.SO_REUSEADDR, on=True)
        first.bind(target)
        first.listen(1)
        _set(first, socket.SO_REUSEPORT, on=True)
        with contextlib.ExitStack() as unless_held:
            holder = unless_held.enter_context(socket.socket(family))
            _set(holder, socket.SO_REUSEADDR, on=True)
            _set(holder, socket.SO_REUSEPORT, on=True)
            holder.bind(first.getsockname())
            _set(holder, socket.SO_REUSEADDR, on=False)
            unless_held.pop_all()
        return holder


def _set(of: socket.socket, option: int, *, on: bool) -> None:
    of.setsockopt(socket.SOL_SOCKET, option, int(on))

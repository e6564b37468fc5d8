"""Reserves the address that workers share, so that no other server can listen on it."""

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def reserved_address(address: str) -> Iterator[str]:
    """Reserve HOST:PORT, and yield it with the port that was assigned if it was 0.

    Processes of this user that set SO_REUSEPORT, as the workers do, can listen on it, others can't.
    It can't be reserved a second time, though that would also set SO_REUSEPORT.

    Raises:
        OSError: It is in use, or there is no such address.
    """
    host, _, port = address.rpartition(":")
    try:
        family, _, _, _, target = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM
        )[0]
        reservation = _reserve(family, target)
    except OSError as error:
        raise OSError(f"can't listen on {address}: {error.strerror}") from error
    with reservation:
        yield f"{host}:{reservation.getsockname()[1]}"


def _reserve(family: int, target: tuple[object, ...]) -> socket.socket:
    """Return a socket that is bound to the address and does not listen.

    Only listening proves that the address is free, but a listening socket gets connections that
    nothing here accepts; so one socket listens for a moment and hands the address over to another.
    SO_REUSEADDR lets both ignore connections of an earlier server in TIME_WAIT. It is cleared at
    the end, since it would let other processes ignore the reservation.
    """
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket(family))
        _set(listening, socket.SO_REUSEADDR, on=True)
        listening.bind(target)
        listening.listen(1)
        _set(listening, socket.SO_REUSEPORT, on=True)
        with contextlib.ExitStack() as on_error:
            reservation = on_error.enter_context(socket.socket(family))
            _set(reservation, socket.SO_REUSEADDR, on=True)
            _set(reservation, socket.SO_REUSEPORT, on=True)
            reservation.bind(listening.getsockname())
            _set(reservation, socket.SO_REUSEADDR, on=False)
            on_error.pop_all()
        return reservation


def _set(changed: socket.socket, option: int, *, on: bool) -> None:
    changed.setsockopt(socket.SOL_SOCKET, option, int(on))

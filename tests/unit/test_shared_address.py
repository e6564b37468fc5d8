"""The address that workers share: no other server can listen on it."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from leaderboard_server.workers.address import reserved_address


@contextlib.contextmanager
def _listening(address: str, *, shared: bool) -> Iterator[None]:
    host, _, port = address.rpartition(":")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
        listener.bind((host, int(port)))
        listener.listen()
        yield


@contextlib.contextmanager
def _in_use() -> Iterator[None]:
    with pytest.raises(OSError, match="in use"):
        yield


def test_only_workers_can_listen() -> None:
    """Several workers can listen; another server can't, with or without workers of its own."""
    with reserved_address("127.0.0.1:0") as address:
        for _ in range(2):
            with _in_use(), _listening(address, shared=False):
                pass
            with _in_use(), reserved_address(address):
                pass
            with _listening(address, shared=True), _listening(address, shared=True):
                with _in_use(), _listening(address, shared=False):
                    pass
                with _in_use(), reserved_address(address):
                    pass


@pytest.mark.parametrize("shared", [True, False])
def test_address_in_use_is_not_reserved(*, shared: bool) -> None:
    """An address in use is rejected, even if the other program would share it."""
    with reserved_address("127.0.0.1:0") as address:
        pass
    with _listening(address, shared=shared), _in_use(), reserved_address(address):
        pass
    with reserved_address(address):
        pass


def test_address_is_free_again_at_once() -> None:
    """Connections of an earlier server in TIME_WAIT don't block the next server."""
    with reserved_address("127.0.0.1:0") as address:
        host, _, port = address.rpartition(":")
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind((host, int(port)))
            listener.listen()
            with socket.create_connection((host, int(port))):
                listener.accept()[0].close()
    with reserved_address(address), _listening(address, shared=True):
        pass


def test_unknown_address_is_reported() -> None:
    """The error names the address."""
    with (
        pytest.raises(OSError, match=r"can't listen on 192\.0\.2\.1:0"),
        reserved_address("192.0.2.1:0"),
    ):
        pass

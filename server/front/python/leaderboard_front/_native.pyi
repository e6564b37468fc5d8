from collections.abc import Sequence
from typing import Any, TypeAlias

from leaderboard_front.settings import Settings

Answer: TypeAlias = tuple[int, bytes | None, int, str, bytes | None]

class Front:
    """The listener itself, without asyncio.

    Every method returns at once. What else is said about a call that is over goes nowhere, so
    nobody has to know in time. `answer`, `send`, `join` and `publish` keep their order.
    """

    def __init__(self, settings: Settings) -> None: ...
    def fileno(self) -> int:
        """Return the file descriptor that is readable while something waits to be taken."""

    def set_tls(self, chain: bytes, key: bytes, client_authorities: bytes | None = None) -> None:
        """Take new connections with TLS from now on; PEM texts.

        Raises:
            ValueError: The texts are no certificates, or the key doesn't belong to them.
        """

    def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address can't be listened on.

            RuntimeError: It was started before.
        """

    def take(self, max: int) -> list[Any]:  # noqa: A002
        """Take up to so many of the events that wait, each a tuple that begins with its kind.

        0, call, path, request: a call. The request is None for bidirectional methods.

        1, call, message: a further message of a call; None for their end.

        2, call: the call is over: cancelled, too late, or ended by a limit.

        3, call: the slot that was full has room.

        4, call, mark, number: the call was taken out of its topic because its slot was full; the
            mark of the last message that it gets, and the number of its joining.

        5, call: the receiver took nothing for the write timeout.

        6: the listener has stopped, and nothing follows.
        """

    def answer(self, answers: Sequence[Answer]) -> None:
        """End calls: call, message or None, status code, status message, details or None."""

    def send(self, call: int, message: bytes) -> bool:
        """Put a message into the slot of a stream.

        False if it is full, or the call is over: an event tells when it has room, or that it ended.
        """

    def join(self, call: int, topic: str, mark: int, number: int) -> None:
        """Let a stream have what is published to a topic, in place of the topic before.

        `mark` is where the stream stands, `number` tells this joining from others: an event about
        an earlier one may still be on its way.
        """

    def publish(self, topic: str, message: bytes, mark: int) -> None:
        """Put a message into the slot of every stream of a topic; the mark is for the publisher."""

    def close(self, topic: str) -> None:
        """Take every stream out of a topic; each is told the mark of the last message it gets."""

    def put_answer(self, path: str, request: bytes, key: str, answer: bytes) -> bool:
        """Answer exactly this request with this from now on; False if there is no memory for it.

        Raises:
            KeyError: There is no such method.
        """

    def withdraw(self, key: str) -> int:
        """Forget the answers of a key, and return how many.

        A request that is taken in after this has returned is not answered with one of them.
        """

    def drain(self) -> None:
        """Take no new connections and calls; what is under way goes on."""

    def stop(self, grace_s: float) -> None:
        """Drain, and end what is under way after the grace. The last event tells when it is done.

        A shorter grace may be said later.
        """

    def join_thread(self) -> None:
        """Wait for the thread, once the last event was taken.

        Raises:
            RuntimeError: The thread panicked.
        """

    def stats(self) -> dict[str, int]:
        """Return what is used of the limits now, and what was counted since the start."""

"""Ready-made answers: given again for exactly the same request, without the interpreter."""

from typing import Protocol

MAX_ANSWERS = 64
"""How many answers of one contest are held; most callers ask for the same few."""
MAX_REQUEST_BYTES = 256
"""The longest request that is held: one with every field at its longest fits."""


class Holder(Protocol):
    """What holds the answers and gives them: a listener that can."""

    def put_answer(self, path: str, request: bytes, key: str, answer: bytes) -> object:
        """Answer exactly this request with this from now on, as far as there is room."""

    def withdraw(self, key: str) -> object:
        """Forget the answers of a key: no request that comes from now on gets one of them."""


class ResponseCache:
    """The answers that hold until something happens to their contest.

    Without a holder every call comes to its method.
    """

    def __init__(self) -> None:
        self._holder: Holder | None = None
        self._counts: dict[str, int] = {}
        """How many answers there are of each contest."""

    def hold_in(self, holder: Holder) -> None:
        """Have the answers given by a listener."""
        self._holder = holder

    def put(self, path: str, request: bytes, contest_id: str, answer: bytes) -> None:
        """Take an answer that holds at this moment; nothing may be waited for before this."""
        count = self._counts.get(contest_id, 0)
        if self._holder and count < MAX_ANSWERS and len(request) <= MAX_REQUEST_BYTES:
            self._counts[contest_id] = count + 1
            self._holder.put_answer(path, request, contest_id, answer)

    def invalidate(self, contest_id: str) -> None:
        """Forget the answers of a contest, before anybody is told what made them old."""
        if self._holder and self._counts.pop(contest_id, 0):
            self._holder.withdraw(contest_id)

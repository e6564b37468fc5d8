"""A service of contests in this process that gives the answers of a script."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2

from cli.refusals import abort
from leaderboard.v1.contests_pb2_grpc import (
    ContestServiceServicer,
    add_ContestServiceServicer_to_server,
)


class ScriptedContests(ContestServiceServicer):
    """Answers each call with the next of `answers`; a status is an error."""

    def __init__(self) -> None:
        self.address = ""
        self.answers: deque[Message] = deque()
        self.asked: list[Message] = []
        """All requests."""

    def _answer(self, request: Message, context: grpc.ServicerContext) -> Any:
        self.asked.append(request)
        answer = self.answers.popleft()
        if isinstance(answer, status_pb2.Status):
            abort(context, answer)
        return answer

    CreateContest = GetContest = ListContests = UpdateContest = DeleteContest = _answer
    ResetContest = ListSeasons = _answer
    RemoveUsers = HideUsers = UnhideUsers = ListHiddenUsers = EraseUser = _answer

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve on `address` within a block."""
        server = grpc.server(ThreadPoolExecutor(max_workers=4))
        add_ContestServiceServicer_to_server(self, server)
        self.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        try:
            yield
        finally:
            server.stop(None).wait()

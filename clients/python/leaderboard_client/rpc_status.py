"""What a call or an update of a batch was refused with, read from its status."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google.protobuf.any_pb2 import Any as AnyMessage

    from leaderboard.v1.leaderboard_pb2 import UpdateStatus

DOMAIN = "leaderboard.v1"
"""The `ErrorInfo` domain of the service."""

BROKEN = frozenset({"ABORTED", "CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN"})
"""The codes without a reason of the service that gRPC itself, or a proxy on the way, gives to a
call whose connection broke."""

_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call, or one update of a batch, did not succeed."""

    code: grpc.StatusCode
    """The status code, never OK."""

    message: str
    """What is wrong, for developers; may be empty."""

    reason: str = ""
    """The name of the `ErrorReason`; empty when the status is not the service's own."""

    violations: tuple[str, ...] = ()
    """One text for each field that is malformed, beginning with the field's name."""

    retry_after: float | None = None
    """The seconds after which the server asks to try again, if it does."""

    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the reason comes with."""

    @classmethod
    def of_call(cls, error: grpc.RpcError) -> Self:
        """Read the error of a failed call, of the synchronous or the asyncio API."""
        try:
            status = rpc_status.from_call(error)
        except (ValueError, DecodeError):
            status = None
        details = () if status is None else status.details
        return cls._of(error.code(), error.details() or "", details)

    @classmethod
    def of_update(cls, status: UpdateStatus) -> Self:
        """Read the status of a refused update of a batch."""
        rich = status_pb2.Status.FromString(status.SerializeToString())
        code = _CODES.get(rich.code, grpc.StatusCode.UNKNOWN)
        return cls._of(code, rich.message, rich.details)

    @classmethod
    def _of(cls, code: grpc.StatusCode, message: str, details: Iterable[AnyMessage]) -> Self:
        info = error_details_pb2.ErrorInfo()
        bad_request = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        retry_after = None
        for detail in details:
            if detail.Unpack(retry):
                retry_after = retry.retry_delay.ToTimedelta().total_seconds()
            else:
                _ = detail.Unpack(info) or detail.Unpack(bad_request)
        own = info.domain == DOMAIN
        return cls(
            code=code,
            message=message,
            reason=info.reason if own else "",
            metadata=dict(info.metadata) if own else {},
            violations=tuple(f"{v.field}: {v.description}" for v in bad_request.field_violations),
            retry_after=retry_after,
        )

    @property
    def retryable(self) -> bool:
        """Tell that the same request may succeed later, without any change to it.

        That is so where nobody is there to serve it, and where the server says when to come back.
        """
        return self.code is grpc.StatusCode.UNAVAILABLE or self.retry_after is not None

    @property
    def transient(self) -> bool:
        """Tell that the same request may succeed on another connection, or later.

        That is so where it is `retryable`, and where the connection broke under it: then nobody
        knows whether it was served.
        """
        return self.retryable or (not self.reason and self.code.name in BROKEN)

    def __str__(self) -> str:
        """Say what is wrong in one line."""
        text = "; ".join(self.violations) or self.message or self.code.name
        return " ".join(text.split())


class RefusedError(Exception):
    """A call was refused, or its connection was lost."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        """What it was refused with."""

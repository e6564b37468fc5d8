from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_FIELD: _ClassVar[ErrorReason]
    ERROR_REASON_MALFORMED_REQUEST: _ClassVar[ErrorReason]
    ERROR_REASON_SCORE_OUT_OF_RANGE: _ClassVar[ErrorReason]
    ERROR_REASON_USER_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_ID_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_POSITION_UNREACHABLE: _ClassVar[ErrorReason]
    ERROR_REASON_STORE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_SERVER_DRAINING: _ClassVar[ErrorReason]
    ERROR_REASON_MESSAGE_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_WATCHER_STALLED: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_CONTEST_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_CONTEST_ALREADY_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_CONTEST_NOT_OPEN: _ClassVar[ErrorReason]
    ERROR_REASON_RULES_LOCKED: _ClassVar[ErrorReason]
    ERROR_REASON_SEASON_NOT_CURRENT: _ClassVar[ErrorReason]
    ERROR_REASON_SEASON_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_STORE_FULL: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_FIELD: ErrorReason
ERROR_REASON_MALFORMED_REQUEST: ErrorReason
ERROR_REASON_SCORE_OUT_OF_RANGE: ErrorReason
ERROR_REASON_USER_NOT_FOUND: ErrorReason
ERROR_REASON_REQUEST_ID_REUSED: ErrorReason
ERROR_REASON_POSITION_UNREACHABLE: ErrorReason
ERROR_REASON_STORE_UNAVAILABLE: ErrorReason
ERROR_REASON_SERVER_DRAINING: ErrorReason
ERROR_REASON_MESSAGE_TOO_LARGE: ErrorReason
ERROR_REASON_WATCHER_STALLED: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_CONTEST_NOT_FOUND: ErrorReason
ERROR_REASON_CONTEST_ALREADY_EXISTS: ErrorReason
ERROR_REASON_CONTEST_NOT_OPEN: ErrorReason
ERROR_REASON_RULES_LOCKED: ErrorReason
ERROR_REASON_SEASON_NOT_CURRENT: ErrorReason
ERROR_REASON_SEASON_NOT_FOUND: ErrorReason
ERROR_REASON_STORE_FULL: ErrorReason

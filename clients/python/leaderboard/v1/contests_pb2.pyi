import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from leaderboard.v1 import leaderboard_pb2 as _leaderboard_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Contest(_message.Message):
    __slots__ = ("contest_id", "display_name", "rules", "total_users", "position", "created_at")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USERS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    display_name: str
    rules: _leaderboard_pb2.ContestRules
    total_users: int
    position: _leaderboard_pb2.Position
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, contest_id: _Optional[str] = ..., display_name: _Optional[str] = ..., rules: _Optional[_Union[_leaderboard_pb2.ContestRules, _Mapping]] = ..., total_users: _Optional[int] = ..., position: _Optional[_Union[_leaderboard_pb2.Position, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateContestRequest(_message.Message):
    __slots__ = ("contest",)
    CONTEST_FIELD_NUMBER: _ClassVar[int]
    contest: Contest
    def __init__(self, contest: _Optional[_Union[Contest, _Mapping]] = ...) -> None: ...

class CreateContestResponse(_message.Message):
    __slots__ = ("contest",)
    CONTEST_FIELD_NUMBER: _ClassVar[int]
    contest: Contest
    def __init__(self, contest: _Optional[_Union[Contest, _Mapping]] = ...) -> None: ...

class GetContestRequest(_message.Message):
    __slots__ = ("contest_id",)
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    def __init__(self, contest_id: _Optional[str] = ...) -> None: ...

class GetContestResponse(_message.Message):
    __slots__ = ("contest",)
    CONTEST_FIELD_NUMBER: _ClassVar[int]
    contest: Contest
    def __init__(self, contest: _Optional[_Union[Contest, _Mapping]] = ...) -> None: ...

class ListContestsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "id_prefix")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    id_prefix: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., id_prefix: _Optional[str] = ...) -> None: ...

class ListContestsResponse(_message.Message):
    __slots__ = ("contests", "next_page_token")
    CONTESTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    contests: _containers.RepeatedCompositeFieldContainer[Contest]
    next_page_token: str
    def __init__(self, contests: _Optional[_Iterable[_Union[Contest, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateContestRequest(_message.Message):
    __slots__ = ("contest", "update_mask")
    CONTEST_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    contest: Contest
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, contest: _Optional[_Union[Contest, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateContestResponse(_message.Message):
    __slots__ = ("contest",)
    CONTEST_FIELD_NUMBER: _ClassVar[int]
    contest: Contest
    def __init__(self, contest: _Optional[_Union[Contest, _Mapping]] = ...) -> None: ...

import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from leaderboard.v1 import leaderboard_pb2 as _leaderboard_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ContestState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTEST_STATE_UNSPECIFIED: _ClassVar[ContestState]
    CONTEST_STATE_SCHEDULED: _ClassVar[ContestState]
    CONTEST_STATE_OPEN: _ClassVar[ContestState]
    CONTEST_STATE_CLOSED: _ClassVar[ContestState]
CONTEST_STATE_UNSPECIFIED: ContestState
CONTEST_STATE_SCHEDULED: ContestState
CONTEST_STATE_OPEN: ContestState
CONTEST_STATE_CLOSED: ContestState

class Contest(_message.Message):
    __slots__ = ("contest_id", "display_name", "rules", "starts_at", "ends_at", "reset_schedule", "keep_seasons", "expire_after", "state", "season", "total_users", "position", "created_at", "next_reset_at")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    RESET_SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    KEEP_SEASONS_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_AFTER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SEASON_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USERS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    NEXT_RESET_AT_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    display_name: str
    rules: _leaderboard_pb2.ContestRules
    starts_at: _timestamp_pb2.Timestamp
    ends_at: _timestamp_pb2.Timestamp
    reset_schedule: ResetSchedule
    keep_seasons: int
    expire_after: _duration_pb2.Duration
    state: ContestState
    season: int
    total_users: int
    position: _leaderboard_pb2.Position
    created_at: _timestamp_pb2.Timestamp
    next_reset_at: _timestamp_pb2.Timestamp
    def __init__(self, contest_id: _Optional[str] = ..., display_name: _Optional[str] = ..., rules: _Optional[_Union[_leaderboard_pb2.ContestRules, _Mapping]] = ..., starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reset_schedule: _Optional[_Union[ResetSchedule, _Mapping]] = ..., keep_seasons: _Optional[int] = ..., expire_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., state: _Optional[_Union[ContestState, str]] = ..., season: _Optional[int] = ..., total_users: _Optional[int] = ..., position: _Optional[_Union[_leaderboard_pb2.Position, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_reset_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ResetSchedule(_message.Message):
    __slots__ = ("cron", "time_zone")
    CRON_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    cron: str
    time_zone: str
    def __init__(self, cron: _Optional[str] = ..., time_zone: _Optional[str] = ...) -> None: ...

class Season(_message.Message):
    __slots__ = ("number", "started_at", "ended_at", "total_users", "position")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USERS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    number: int
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    total_users: int
    position: _leaderboard_pb2.Position
    def __init__(self, number: _Optional[int] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., total_users: _Optional[int] = ..., position: _Optional[_Union[_leaderboard_pb2.Position, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("page_size", "page_token", "id_prefix", "state")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    id_prefix: str
    state: ContestState
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., id_prefix: _Optional[str] = ..., state: _Optional[_Union[ContestState, str]] = ...) -> None: ...

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

class ResetContestRequest(_message.Message):
    __slots__ = ("contest_id", "season")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    SEASON_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    season: int
    def __init__(self, contest_id: _Optional[str] = ..., season: _Optional[int] = ...) -> None: ...

class ResetContestResponse(_message.Message):
    __slots__ = ("contest",)
    CONTEST_FIELD_NUMBER: _ClassVar[int]
    contest: Contest
    def __init__(self, contest: _Optional[_Union[Contest, _Mapping]] = ...) -> None: ...

class ListSeasonsRequest(_message.Message):
    __slots__ = ("contest_id", "page_size", "page_token")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    page_size: int
    page_token: str
    def __init__(self, contest_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSeasonsResponse(_message.Message):
    __slots__ = ("seasons", "next_page_token")
    SEASONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    seasons: _containers.RepeatedCompositeFieldContainer[Season]
    next_page_token: str
    def __init__(self, seasons: _Optional[_Iterable[_Union[Season, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteContestRequest(_message.Message):
    __slots__ = ("contest_id", "epoch")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    epoch: str
    def __init__(self, contest_id: _Optional[str] = ..., epoch: _Optional[str] = ...) -> None: ...

class DeleteContestResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RemoveUsersRequest(_message.Message):
    __slots__ = ("contest_id", "user_ids")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, contest_id: _Optional[str] = ..., user_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RemoveUsersResponse(_message.Message):
    __slots__ = ("count", "position")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    count: int
    position: _leaderboard_pb2.Position
    def __init__(self, count: _Optional[int] = ..., position: _Optional[_Union[_leaderboard_pb2.Position, _Mapping]] = ...) -> None: ...

class HideUsersRequest(_message.Message):
    __slots__ = ("contest_id", "user_ids")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, contest_id: _Optional[str] = ..., user_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class HideUsersResponse(_message.Message):
    __slots__ = ("count", "position")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    count: int
    position: _leaderboard_pb2.Position
    def __init__(self, count: _Optional[int] = ..., position: _Optional[_Union[_leaderboard_pb2.Position, _Mapping]] = ...) -> None: ...

class UnhideUsersRequest(_message.Message):
    __slots__ = ("contest_id", "user_ids")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, contest_id: _Optional[str] = ..., user_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class UnhideUsersResponse(_message.Message):
    __slots__ = ("count", "position")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    count: int
    position: _leaderboard_pb2.Position
    def __init__(self, count: _Optional[int] = ..., position: _Optional[_Union[_leaderboard_pb2.Position, _Mapping]] = ...) -> None: ...

class ListHiddenUsersRequest(_message.Message):
    __slots__ = ("contest_id", "page_size", "page_token")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    page_size: int
    page_token: str
    def __init__(self, contest_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListHiddenUsersResponse(_message.Message):
    __slots__ = ("users", "user_ids_without_score", "next_page_token")
    USERS_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_WITHOUT_SCORE_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedCompositeFieldContainer[_leaderboard_pb2.RankedUser]
    user_ids_without_score: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, users: _Optional[_Iterable[_Union[_leaderboard_pb2.RankedUser, _Mapping]]] = ..., user_ids_without_score: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class EraseUserRequest(_message.Message):
    __slots__ = ("user_id", "page_token")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    page_token: str
    def __init__(self, user_id: _Optional[str] = ..., page_token: _Optional[str] = ...) -> None: ...

class EraseUserResponse(_message.Message):
    __slots__ = ("contests_changed", "next_page_token")
    CONTESTS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    contests_changed: int
    next_page_token: str
    def __init__(self, contests_changed: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

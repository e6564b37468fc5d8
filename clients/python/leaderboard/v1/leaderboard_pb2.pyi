import datetime

from google.protobuf import any_pb2 as _any_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UpdateMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UPDATE_MODE_UNSPECIFIED: _ClassVar[UpdateMode]
    UPDATE_MODE_INCREMENT: _ClassVar[UpdateMode]
    UPDATE_MODE_SET: _ClassVar[UpdateMode]
    UPDATE_MODE_BEST: _ClassVar[UpdateMode]

class Order(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_UNSPECIFIED: _ClassVar[Order]
    ORDER_HIGHEST_FIRST: _ClassVar[Order]
    ORDER_LOWEST_FIRST: _ClassVar[Order]

class TieBreak(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIE_BREAK_UNSPECIFIED: _ClassVar[TieBreak]
    TIE_BREAK_FIRST_REACHED: _ClassVar[TieBreak]
    TIE_BREAK_LAST_REACHED: _ClassVar[TieBreak]

class RankStyle(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RANK_STYLE_UNSPECIFIED: _ClassVar[RankStyle]
    RANK_STYLE_ORDINAL: _ClassVar[RankStyle]
    RANK_STYLE_COMPETITION: _ClassVar[RankStyle]
    RANK_STYLE_DENSE: _ClassVar[RankStyle]

class WatchScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WATCH_SCOPE_UNSPECIFIED: _ClassVar[WatchScope]
    WATCH_SCOPE_TOP: _ClassVar[WatchScope]
    WATCH_SCOPE_ALL: _ClassVar[WatchScope]
    WATCH_SCOPE_USERS: _ClassVar[WatchScope]

class SnapshotReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SNAPSHOT_REASON_UNSPECIFIED: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_INITIAL: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_HISTORY_TRIMMED: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_NEW_EPOCH: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_LAGGED: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_AHEAD: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_NEW_SEASON: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_CONTEST_UPDATED: _ClassVar[SnapshotReason]

class EndReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    END_REASON_UNSPECIFIED: _ClassVar[EndReason]
    END_REASON_CONTEST_OVER: _ClassVar[EndReason]
    END_REASON_DRAINING: _ClassVar[EndReason]
    END_REASON_CONTEST_DELETED: _ClassVar[EndReason]
UPDATE_MODE_UNSPECIFIED: UpdateMode
UPDATE_MODE_INCREMENT: UpdateMode
UPDATE_MODE_SET: UpdateMode
UPDATE_MODE_BEST: UpdateMode
ORDER_UNSPECIFIED: Order
ORDER_HIGHEST_FIRST: Order
ORDER_LOWEST_FIRST: Order
TIE_BREAK_UNSPECIFIED: TieBreak
TIE_BREAK_FIRST_REACHED: TieBreak
TIE_BREAK_LAST_REACHED: TieBreak
RANK_STYLE_UNSPECIFIED: RankStyle
RANK_STYLE_ORDINAL: RankStyle
RANK_STYLE_COMPETITION: RankStyle
RANK_STYLE_DENSE: RankStyle
WATCH_SCOPE_UNSPECIFIED: WatchScope
WATCH_SCOPE_TOP: WatchScope
WATCH_SCOPE_ALL: WatchScope
WATCH_SCOPE_USERS: WatchScope
SNAPSHOT_REASON_UNSPECIFIED: SnapshotReason
SNAPSHOT_REASON_INITIAL: SnapshotReason
SNAPSHOT_REASON_HISTORY_TRIMMED: SnapshotReason
SNAPSHOT_REASON_NEW_EPOCH: SnapshotReason
SNAPSHOT_REASON_LAGGED: SnapshotReason
SNAPSHOT_REASON_AHEAD: SnapshotReason
SNAPSHOT_REASON_NEW_SEASON: SnapshotReason
SNAPSHOT_REASON_CONTEST_UPDATED: SnapshotReason
END_REASON_UNSPECIFIED: EndReason
END_REASON_CONTEST_OVER: EndReason
END_REASON_DRAINING: EndReason
END_REASON_CONTEST_DELETED: EndReason

class UpdateScoreRequest(_message.Message):
    __slots__ = ("contest_id", "user_id", "points", "mode", "request_id", "event_type", "event_time", "display_name", "attributes", "season", "clear_display_name")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    SEASON_FIELD_NUMBER: _ClassVar[int]
    CLEAR_DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    user_id: str
    points: int
    mode: UpdateMode
    request_id: str
    event_type: str
    event_time: _timestamp_pb2.Timestamp
    display_name: str
    attributes: _containers.ScalarMap[str, str]
    season: int
    clear_display_name: bool
    def __init__(self, contest_id: _Optional[str] = ..., user_id: _Optional[str] = ..., points: _Optional[int] = ..., mode: _Optional[_Union[UpdateMode, str]] = ..., request_id: _Optional[str] = ..., event_type: _Optional[str] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., display_name: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., season: _Optional[int] = ..., clear_display_name: _Optional[bool] = ...) -> None: ...

class UpdateScoreResponse(_message.Message):
    __slots__ = ("user", "previous_score", "previous_rank", "applied", "replayed", "position", "previous_place")
    USER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_SCORE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_RANK_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PLACE_FIELD_NUMBER: _ClassVar[int]
    user: RankedUser
    previous_score: int
    previous_rank: int
    applied: bool
    replayed: bool
    position: Position
    previous_place: int
    def __init__(self, user: _Optional[_Union[RankedUser, _Mapping]] = ..., previous_score: _Optional[int] = ..., previous_rank: _Optional[int] = ..., applied: _Optional[bool] = ..., replayed: _Optional[bool] = ..., position: _Optional[_Union[Position, _Mapping]] = ..., previous_place: _Optional[int] = ...) -> None: ...

class BatchUpdateScoresRequest(_message.Message):
    __slots__ = ("updates",)
    UPDATES_FIELD_NUMBER: _ClassVar[int]
    updates: _containers.RepeatedCompositeFieldContainer[UpdateScoreRequest]
    def __init__(self, updates: _Optional[_Iterable[_Union[UpdateScoreRequest, _Mapping]]] = ...) -> None: ...

class BatchUpdateScoresResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchUpdateResult]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchUpdateResult, _Mapping]]] = ...) -> None: ...

class BatchUpdateResult(_message.Message):
    __slots__ = ("response", "status")
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    response: UpdateScoreResponse
    status: UpdateStatus
    def __init__(self, response: _Optional[_Union[UpdateScoreResponse, _Mapping]] = ..., status: _Optional[_Union[UpdateStatus, _Mapping]] = ...) -> None: ...

class UpdateStatus(_message.Message):
    __slots__ = ("code", "message", "details")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    details: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., details: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...

class GetTopUsersRequest(_message.Message):
    __slots__ = ("contest_id", "limit", "start_rank", "min_position", "season")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    START_RANK_FIELD_NUMBER: _ClassVar[int]
    MIN_POSITION_FIELD_NUMBER: _ClassVar[int]
    SEASON_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    limit: int
    start_rank: int
    min_position: Position
    season: int
    def __init__(self, contest_id: _Optional[str] = ..., limit: _Optional[int] = ..., start_rank: _Optional[int] = ..., min_position: _Optional[_Union[Position, _Mapping]] = ..., season: _Optional[int] = ...) -> None: ...

class GetTopUsersResponse(_message.Message):
    __slots__ = ("users", "total_users", "position")
    USERS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USERS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedCompositeFieldContainer[RankedUser]
    total_users: int
    position: Position
    def __init__(self, users: _Optional[_Iterable[_Union[RankedUser, _Mapping]]] = ..., total_users: _Optional[int] = ..., position: _Optional[_Union[Position, _Mapping]] = ...) -> None: ...

class GetUserRankRequest(_message.Message):
    __slots__ = ("contest_id", "user_id", "neighbors", "min_position", "season", "around")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NEIGHBORS_FIELD_NUMBER: _ClassVar[int]
    MIN_POSITION_FIELD_NUMBER: _ClassVar[int]
    SEASON_FIELD_NUMBER: _ClassVar[int]
    AROUND_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    user_id: str
    neighbors: int
    min_position: Position
    season: int
    around: int
    def __init__(self, contest_id: _Optional[str] = ..., user_id: _Optional[str] = ..., neighbors: _Optional[int] = ..., min_position: _Optional[_Union[Position, _Mapping]] = ..., season: _Optional[int] = ..., around: _Optional[int] = ...) -> None: ...

class GetUserRankResponse(_message.Message):
    __slots__ = ("user", "neighbors", "total_users", "percentile", "position", "around")
    USER_FIELD_NUMBER: _ClassVar[int]
    NEIGHBORS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USERS_FIELD_NUMBER: _ClassVar[int]
    PERCENTILE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    AROUND_FIELD_NUMBER: _ClassVar[int]
    user: RankedUser
    neighbors: _containers.RepeatedCompositeFieldContainer[RankedUser]
    total_users: int
    percentile: float
    position: Position
    around: _containers.RepeatedCompositeFieldContainer[RankedUser]
    def __init__(self, user: _Optional[_Union[RankedUser, _Mapping]] = ..., neighbors: _Optional[_Iterable[_Union[RankedUser, _Mapping]]] = ..., total_users: _Optional[int] = ..., percentile: _Optional[float] = ..., position: _Optional[_Union[Position, _Mapping]] = ..., around: _Optional[_Iterable[_Union[RankedUser, _Mapping]]] = ...) -> None: ...

class BatchGetUserRanksRequest(_message.Message):
    __slots__ = ("contest_id", "user_ids", "season", "min_position")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    SEASON_FIELD_NUMBER: _ClassVar[int]
    MIN_POSITION_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    season: int
    min_position: Position
    def __init__(self, contest_id: _Optional[str] = ..., user_ids: _Optional[_Iterable[str]] = ..., season: _Optional[int] = ..., min_position: _Optional[_Union[Position, _Mapping]] = ...) -> None: ...

class BatchGetUserRanksResponse(_message.Message):
    __slots__ = ("users", "missing_user_ids", "total_users", "position")
    USERS_FIELD_NUMBER: _ClassVar[int]
    MISSING_USER_IDS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USERS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedCompositeFieldContainer[RankedUser]
    missing_user_ids: _containers.RepeatedScalarFieldContainer[str]
    total_users: int
    position: Position
    def __init__(self, users: _Optional[_Iterable[_Union[RankedUser, _Mapping]]] = ..., missing_user_ids: _Optional[_Iterable[str]] = ..., total_users: _Optional[int] = ..., position: _Optional[_Union[Position, _Mapping]] = ...) -> None: ...

class GetScoreRankRequest(_message.Message):
    __slots__ = ("contest_id", "score", "around", "season", "min_position")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    AROUND_FIELD_NUMBER: _ClassVar[int]
    SEASON_FIELD_NUMBER: _ClassVar[int]
    MIN_POSITION_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    score: int
    around: int
    season: int
    min_position: Position
    def __init__(self, contest_id: _Optional[str] = ..., score: _Optional[int] = ..., around: _Optional[int] = ..., season: _Optional[int] = ..., min_position: _Optional[_Union[Position, _Mapping]] = ...) -> None: ...

class GetScoreRankResponse(_message.Message):
    __slots__ = ("rank", "place", "around", "total_users", "position")
    RANK_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    AROUND_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USERS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    rank: int
    place: int
    around: _containers.RepeatedCompositeFieldContainer[RankedUser]
    total_users: int
    position: Position
    def __init__(self, rank: _Optional[int] = ..., place: _Optional[int] = ..., around: _Optional[_Iterable[_Union[RankedUser, _Mapping]]] = ..., total_users: _Optional[int] = ..., position: _Optional[_Union[Position, _Mapping]] = ...) -> None: ...

class WatchContestRequest(_message.Message):
    __slots__ = ("contest_id", "limit", "scope", "user_ids", "resume_after", "min_interval")
    CONTEST_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    RESUME_AFTER_FIELD_NUMBER: _ClassVar[int]
    MIN_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    contest_id: str
    limit: int
    scope: WatchScope
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    resume_after: Position
    min_interval: _duration_pb2.Duration
    def __init__(self, contest_id: _Optional[str] = ..., limit: _Optional[int] = ..., scope: _Optional[_Union[WatchScope, str]] = ..., user_ids: _Optional[_Iterable[str]] = ..., resume_after: _Optional[_Union[Position, _Mapping]] = ..., min_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WatchContestResponse(_message.Message):
    __slots__ = ("position", "previous_revision", "snapshot", "changes", "progress", "end")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_REVISION_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    position: Position
    previous_revision: int
    snapshot: Snapshot
    changes: Changes
    progress: Progress
    end: End
    def __init__(self, position: _Optional[_Union[Position, _Mapping]] = ..., previous_revision: _Optional[int] = ..., snapshot: _Optional[_Union[Snapshot, _Mapping]] = ..., changes: _Optional[_Union[Changes, _Mapping]] = ..., progress: _Optional[_Union[Progress, _Mapping]] = ..., end: _Optional[_Union[End, _Mapping]] = ...) -> None: ...

class Snapshot(_message.Message):
    __slots__ = ("users", "total_users", "reason", "rules", "season")
    USERS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USERS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    SEASON_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedCompositeFieldContainer[RankedUser]
    total_users: int
    reason: SnapshotReason
    rules: ContestRules
    season: int
    def __init__(self, users: _Optional[_Iterable[_Union[RankedUser, _Mapping]]] = ..., total_users: _Optional[int] = ..., reason: _Optional[_Union[SnapshotReason, str]] = ..., rules: _Optional[_Union[ContestRules, _Mapping]] = ..., season: _Optional[int] = ...) -> None: ...

class Changes(_message.Message):
    __slots__ = ("changes", "total_users")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USERS_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[ScoreChange]
    total_users: int
    def __init__(self, changes: _Optional[_Iterable[_Union[ScoreChange, _Mapping]]] = ..., total_users: _Optional[int] = ...) -> None: ...

class ScoreChange(_message.Message):
    __slots__ = ("user", "previous_rank", "points", "event_type", "event_time", "previous_place", "removed")
    USER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_RANK_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PLACE_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    user: RankedUser
    previous_rank: int
    points: int
    event_type: str
    event_time: _timestamp_pb2.Timestamp
    previous_place: int
    removed: bool
    def __init__(self, user: _Optional[_Union[RankedUser, _Mapping]] = ..., previous_rank: _Optional[int] = ..., points: _Optional[int] = ..., event_type: _Optional[str] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., previous_place: _Optional[int] = ..., removed: _Optional[bool] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class End(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: EndReason
    def __init__(self, reason: _Optional[_Union[EndReason, str]] = ...) -> None: ...

class RankedUser(_message.Message):
    __slots__ = ("user_id", "score", "rank", "display_name", "place", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    score: int
    rank: int
    display_name: str
    place: int
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, user_id: _Optional[str] = ..., score: _Optional[int] = ..., rank: _Optional[int] = ..., display_name: _Optional[str] = ..., place: _Optional[int] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ContestRules(_message.Message):
    __slots__ = ("order", "tie_break", "rank_style", "default_mode", "min_score", "max_score", "max_points")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    TIE_BREAK_FIELD_NUMBER: _ClassVar[int]
    RANK_STYLE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_MODE_FIELD_NUMBER: _ClassVar[int]
    MIN_SCORE_FIELD_NUMBER: _ClassVar[int]
    MAX_SCORE_FIELD_NUMBER: _ClassVar[int]
    MAX_POINTS_FIELD_NUMBER: _ClassVar[int]
    order: Order
    tie_break: TieBreak
    rank_style: RankStyle
    default_mode: UpdateMode
    min_score: int
    max_score: int
    max_points: int
    def __init__(self, order: _Optional[_Union[Order, str]] = ..., tie_break: _Optional[_Union[TieBreak, str]] = ..., rank_style: _Optional[_Union[RankStyle, str]] = ..., default_mode: _Optional[_Union[UpdateMode, str]] = ..., min_score: _Optional[int] = ..., max_score: _Optional[int] = ..., max_points: _Optional[int] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("epoch", "revision")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    revision: int
    def __init__(self, epoch: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

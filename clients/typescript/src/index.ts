// The public names of the package.

export type {
  Contest,
  ContestRules,
  ContestSettings,
  ContestState,
  ErasedPart,
  HiddenUser,
  Order,
  RankStyle,
  ResetSchedule,
  ResetScheduleSettings,
  RuleSettings,
  Season,
  TieBreak,
  UsersChanged,
} from "./contest-model.js";
export type { ListOptions, SeasonsOptions } from "./contest-reads.js";
export {
  AlreadyExistsError,
  BufferClosedError,
  CancelledError,
  DeadlineExceededError,
  FailedPreconditionError,
  type FieldViolation,
  InvalidRequestError,
  InvalidResponseError,
  LeaderboardError,
  NotFoundError,
  OutOfRangeError,
  OverloadedError,
  RequestIdReusedError,
  type StatusCode,
  UnavailableError,
} from "./errors.js";
export { MissedChangesError } from "./live-board.js";
export type {
  BatchResult,
  Instant,
  Position,
  RankedUser,
  ScoreChange,
  ScoreRank,
  ScoreUpdate,
  TopUsers,
  UpdateMode,
  UpdateResult,
  UserRank,
  UserRanks,
} from "./model.js";
export { Client, type ClientOptions } from "./node/client.js";
export type { DeleteOptions } from "./node/contest-calls.js";
export type { EraseOptions, HiddenUsersOptions } from "./node/contest-user-calls.js";
export type { ScoreBufferOptions } from "./node/score-buffer-options.js";
export type { ScoreBuffer } from "./node/score-buffer.js";
export type { ServerOptions, TlsOptions } from "./node/servers.js";
export type { WatchOptions, WatchScope } from "./node/watch.js";
export type { RankOptions, ReadOptions, ScoreRankOptions, TopOptions } from "./reads.js";
export type { Token } from "./token.js";
export type { CallOptions } from "./unary-calls.js";
export {
  type SnapshotReason,
  StreamLostError,
  type WatchState,
  type WatchUpdate,
} from "./watch-update.js";

// The public names of the package.

export type { CallOptions } from "./calls.js";
export { Client, type ClientOptions } from "./client.js";
export type { DeleteOptions, ListOptions, SeasonsOptions } from "./contest-calls.js";
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
export type { EraseOptions, HiddenUsersOptions } from "./contest-user-calls.js";
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
export type { RankOptions, ReadOptions, ScoreRankOptions, TopOptions } from "./reads.js";
export type { ScoreBuffer } from "./score-buffer.js";
export type { ScoreBufferOptions } from "./score-buffer-options.js";
export type { ServerOptions, TlsOptions, Token } from "./servers.js";
export {
  type SnapshotReason,
  StreamLostError,
  type WatchState,
  type WatchUpdate,
} from "./watch-update.js";
export type { WatchOptions, WatchScope } from "./watch.js";

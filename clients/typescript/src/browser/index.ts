// The public names of the browser entry.

export type {
  Contest,
  ContestRules,
  ContestState,
  Order,
  RankStyle,
  ResetSchedule,
  Season,
  TieBreak,
} from "../contest-model.js";
export type { ListOptions, SeasonsOptions } from "../contest-reads.js";
export {
  CancelledError,
  DeadlineExceededError,
  FailedPreconditionError,
  type FieldViolation,
  InvalidRequestError,
  LeaderboardError,
  NotFoundError,
  OverloadedError,
  type StatusCode,
  UnavailableError,
} from "../errors.js";
export { MissedChangesError } from "../live-board.js";
export type {
  Position,
  RankedUser,
  ScoreChange,
  ScoreRank,
  TopUsers,
  UpdateMode,
  UserRank,
  UserRanks,
} from "../model.js";
export type { ReadOptions, ScoreRankOptions, TopOptions } from "../reads.js";
export type { Token } from "../token.js";
export type { CallOptions } from "../unary-calls.js";
export {
  type SnapshotReason,
  StreamLostError,
  type WatchState,
  type WatchUpdate,
} from "../watch-update.js";
export type { WatchOptions } from "./watch.js";
export { WebClient, type WebClientOptions, type WebRankOptions } from "./web-client.js";

// The updates of a watch: a whole board, the message that led to it, and the state of the watch.

import type { WatchContestResponse } from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { Position, RankedUser, ScoreChange } from "./model.js";

/**
 * The state of a watch.
 *
 * - `CONNECTING`: no message was received yet; there is no board.
 * - `LIVE`: a stream is open and the board is up to date with it.
 * - `RECONNECTING`: the stream was lost, and the next one has not sent a message yet; the board may
 *   be behind.
 * - `OVER`: the contest is over, and the watch has ended; this is the final board, unless the
 *   contest is opened again.
 * - `DELETED`: the contest was deleted or has expired, and the watch has ended; this is its last
 *   board.
 */
export type WatchState = "CONNECTING" | "LIVE" | "RECONNECTING" | "OVER" | "DELETED";

/** Why the service sent a whole board; `UNSPECIFIED` is a reason unknown to this client. */
export type SnapshotReason =
  | "UNSPECIFIED"
  | "INITIAL"
  | "HISTORY_TRIMMED"
  | "NEW_EPOCH"
  | "LAGGED"
  | "AHEAD"
  | "NEW_SEASON"
  | "CONTEST_UPDATED";

/** A stream of a watch had no token, timed out, or ended before the contest did. */
export class StreamLostError extends Error {
  override readonly name = "StreamLostError";
}

/** The state of a watch. Every update is complete; none needs an earlier one. */
export interface WatchUpdate {
  /** The state of the watch. */
  readonly state: WatchState;
  /**
   * The board at `position`, whatever the state. With the scope `TOP` the first rows up to the
   * limit; with `ALL` as many of these as are certain; with `USERS` the watched users in the order
   * of their scores, each with the place and rank at the user's own last change; of equal scores
   * the better place is first, and of equal places the last change.
   */
  readonly rows: readonly RankedUser[];
  /** The number of users in the season; undefined if it is not certain. */
  readonly totalUsers: number | undefined;
  /** The position of the board; undefined while there is no board. */
  readonly position: Position | undefined;
  /**
   * The number of the season of the board, from 1; 0 while the contest does not exist, undefined
   * while there is no board.
   */
  readonly season: number | undefined;
  /** The changes in the message, in order, without rows that the board already held. */
  readonly changes: readonly ScoreChange[];
  /** Why the message was a snapshot; undefined if it was none. */
  readonly snapshotReason: SnapshotReason | undefined;
  /** The message that led to this update; undefined if only the state of the watch changed. */
  readonly message: WatchContestResponse | undefined;
  /**
   * Why there is no stream while connecting or reconnecting: a LeaderboardError, a StreamLostError
   * or a MissedChangesError.
   */
  readonly trouble: Error | undefined;
}

// What a watch yields: a whole board, what led to it, and how the watch stands.

import type { WatchContestResponse } from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { Position, RankedUser, ScoreChange } from "./model.js";

/**
 * How a watch stands.
 *
 * - `CONNECTING`: nothing was told yet; there is no board.
 * - `LIVE`: the board is followed as it changes.
 * - `RECONNECTING`: the stream was lost, and the next one has not told anything yet; the board may
 *   be behind.
 * - `OVER`: the contest is over; this is its last board.
 */
export type WatchState = "CONNECTING" | "LIVE" | "RECONNECTING" | "OVER";

/** Why a board was told as a whole; `UNSPECIFIED` stands for reasons unknown to this client. */
export type SnapshotReason =
  | "UNSPECIFIED"
  | "INITIAL"
  | "HISTORY_TRIMMED"
  | "NEW_EPOCH"
  | "LAGGED"
  | "AHEAD";

/** A stream of a watch had no token, fell silent, or ended before the contest did. */
export class StreamLostError extends Error {
  override readonly name = "StreamLostError";
}

/** The state of a watch. Every update stands on its own; none has to be applied to another. */
export interface WatchUpdate {
  /** How the watch stands. */
  readonly state: WatchState;
  /**
   * The board, best first, as the store had it at `position`, whatever the state. With the scope
   * `TOP` the first ranks up to the limit; with `ALL` as many of them as are known for certain;
   * with `USERS` the watched users, each with the rank as of the user's own last change.
   */
  readonly rows: readonly RankedUser[];
  /** How many users the contest has, where that is known for certain. */
  readonly totalUsers: number | undefined;
  /** The position of the board; none while there is no board. */
  readonly position: Position | undefined;
  /** What the message told of, in order, without rows that the board held just so before. */
  readonly changes: readonly ScoreChange[];
  /** Why the board was told as a whole; none where it was not. */
  readonly snapshotReason: SnapshotReason | undefined;
  /** The message that led here; none where only the state of the watch is another one. */
  readonly message: WatchContestResponse | undefined;
  /**
   * Why there is no stream, while connecting or reconnecting: a LeaderboardError, a StreamLostError
   * or a MissedChangesError.
   */
  readonly trouble: Error | undefined;
}

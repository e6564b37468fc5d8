package io.leaderboard.client;

/** The reason why the service sent a snapshot of the board. */
public enum SnapshotReason {
  /** A reason that this version of the client does not know. */
  UNSPECIFIED,

  /** The stream started without a position to resume after. */
  INITIAL,

  /** The service no longer holds all changes since the position. */
  HISTORY_TRIMMED,

  /**
   * The position has another epoch: the contest was lost or rolled back, or it was deleted and began
   * again.
   */
  NEW_EPOCH,

  /** The watch fell too far behind. */
  LAGGED,

  /** The position is later than that of the contest. */
  AHEAD,

  /** The season is over and another one has begun, with an empty board. */
  NEW_SEASON,

  /** The settings of the contest were changed. */
  CONTEST_UPDATED
}

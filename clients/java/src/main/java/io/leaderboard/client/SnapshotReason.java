package io.leaderboard.client;

/** Why a board was told as a whole. */
public enum SnapshotReason {
  /** A reason that this version of the client does not know. */
  UNSPECIFIED,

  /** The stream began without a position to resume after. */
  INITIAL,

  /** The service no longer holds all changes since the position. */
  HISTORY_TRIMMED,

  /** The position is of another history of the contest: it was lost, reset or rolled back. */
  NEW_EPOCH,

  /** The watch fell too far behind. */
  LAGGED,

  /** The position is later than the contest's. */
  AHEAD
}

package io.leaderboard.client;

/** The rule of a contest which of equal scores comes first. */
public enum TieBreak {
  /** A rule that this version of the client does not know; in a request the default. */
  UNSPECIFIED,

  /** The one that was reached first. The default. */
  FIRST_REACHED,

  /** The one that was reached last. */
  LAST_REACHED
}

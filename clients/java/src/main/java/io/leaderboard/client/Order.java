package io.leaderboard.client;

/** The rule of a contest which scores are better. */
public enum Order {
  /** An order that this version of the client does not know; in a request the default. */
  UNSPECIFIED,

  /** Higher scores, as of points. The default. */
  HIGHEST_FIRST,

  /** Lower scores, as of times. */
  LOWEST_FIRST
}

package io.leaderboard.client;

/** What a watch is told of a contest, and so what rows its board has. */
public enum WatchScope {
  /** What touches the first ranks, up to the limit. They are the rows. */
  TOP,

  /**
   * Every change of the contest. The rows are as many of the first ranks, up to the limit, as are
   * known for certain: the service does not tell who moves up from below when a user falls out.
   */
  ALL,

  /**
   * Every change of the watched users. They are the rows, each with the rank as of the user's own
   * last change.
   */
  USERS
}

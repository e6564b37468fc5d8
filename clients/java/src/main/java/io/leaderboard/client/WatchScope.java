package io.leaderboard.client;

/** The changes of a contest that a watch gets, and the rows of its board. */
public enum WatchScope {
  /** Changes among the first rows, up to the limit. Those are the rows. */
  TOP,

  /**
   * Every change of the contest. The rows are the first ones, up to the limit, that are known for
   * certain: when a user leaves them, the service does not send the row that moves up from below.
   */
  ALL,

  /**
   * Every change of the watched users. Those users are the rows, in the order of their scores,
   * each with the rank and the place right after the user's last change; of equal scores the better
   * place is first, and of equal places the last change.
   */
  USERS
}

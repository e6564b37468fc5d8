package io.leaderboard.client;

/** The state of a watch. */
public enum WatchState {
  /** No message was received yet; there is no board. */
  CONNECTING,

  /** The board is up to date. */
  LIVE,

  /** The stream was lost, and the next one sent no message yet: the board may be outdated. */
  RECONNECTING,

  /** The contest is over; the board is final. The watch ends, also if the contest opens again. */
  OVER,

  /** The contest was deleted, or expired; the board is its last one. The watch ends. */
  DELETED;

  /** Returns whether the watch ends. */
  boolean isFinal() {
    return this == OVER || this == DELETED;
  }
}

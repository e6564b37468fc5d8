package io.leaderboard.client;

/** How a watch stands. */
public enum WatchState {
  /** Nothing was told yet; there is no board. */
  CONNECTING,

  /** The board is followed as it changes. */
  LIVE,

  /** The stream was lost, and the next one has told nothing yet: the board may be behind. */
  RECONNECTING,

  /** The contest is over; this is its last board. */
  OVER
}

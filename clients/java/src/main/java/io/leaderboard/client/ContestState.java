package io.leaderboard.client;

/** The state of a contest, by the clock of the store. */
public enum ContestState {
  /** A state that this version of the client does not know; in a query, all of them. */
  UNSPECIFIED,

  /** The contest has not started: writes fail with a {@link FailedPreconditionException}. */
  SCHEDULED,

  /** Writes are accepted. */
  OPEN,

  /** The contest is over: writes fail with a {@link FailedPreconditionException}. */
  CLOSED
}

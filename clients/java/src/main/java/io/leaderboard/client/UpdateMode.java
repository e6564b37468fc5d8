package io.leaderboard.client;

/** The operation that applies the points of an update to a score. */
public enum UpdateMode {
  /** Adds the points to the score. */
  INCREMENT,

  /** Sets the score to the points. */
  SET,

  /** Sets the score to the points if they are higher. A new user always gets the points. */
  BEST
}

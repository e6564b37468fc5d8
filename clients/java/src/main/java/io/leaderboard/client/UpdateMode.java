package io.leaderboard.client;

/** The operation that applies the points of an update to a score. */
public enum UpdateMode {
  /**
   * The mode that the rules of the contest say, which is {@link #INCREMENT} unless it was changed.
   * As a rule of a contest it is a mode that this version of the client does not know.
   */
  UNSPECIFIED,

  /** Adds the points to the score. */
  INCREMENT,

  /** Sets the score to the points. */
  SET,

  /**
   * Sets the score to the points if they are better by the order of the contest. A new user always
   * gets the points.
   */
  BEST
}

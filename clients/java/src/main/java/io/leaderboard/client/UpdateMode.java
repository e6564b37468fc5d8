package io.leaderboard.client;

/** How the points of an update are applied to a score. */
public enum UpdateMode {
  /** Adds the points to the score. */
  INCREMENT,

  /** Makes the points the score. */
  SET,

  /** Makes the points the score if they are higher. A new user gets them in any case. */
  BEST
}

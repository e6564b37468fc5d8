package io.leaderboard.client;

/** The rule of a contest how ranks are counted. Scores 9, 7, 7, 5 have the ranks below. */
public enum RankStyle {
  /** A style that this version of the client does not know; in a request the default. */
  UNSPECIFIED,

  /** Each row has a rank of its own: 1, 2, 3, 4. The default. */
  ORDINAL,

  /** Equal scores share a rank, and as many ranks are left out: 1, 2, 2, 4. */
  COMPETITION,

  /** Equal scores share a rank, and no rank is left out: 1, 2, 2, 3. */
  DENSE
}

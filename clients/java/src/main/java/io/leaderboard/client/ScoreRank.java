package io.leaderboard.client;

import java.util.List;

/**
 * The rank of a score.
 *
 * @param rank the rank that a user who reached this score now would have, from 1
 * @param place the place that this user would have, from 1: the number of rows before it, and one
 *     more
 * @param around the rows around the score, best first
 * @param totalUsers the number of users of the season, from 0
 * @param position the position of the contest
 */
public record ScoreRank(
    int rank, int place, List<RankedUser> around, int totalUsers, Position position) {
  /** Copies the rows. */
  public ScoreRank {
    around = List.copyOf(around);
  }
}

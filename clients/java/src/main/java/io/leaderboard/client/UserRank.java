package io.leaderboard.client;

import java.util.List;

/**
 * The rank of one user.
 *
 * @param user the user
 * @param neighbors the users ranked right above and below, best first, without the user
 * @param around the rows around the user, best first, the user included
 * @param totalUsers the number of users of the season, from 1
 * @param percentile the share of the other users with a worse rank, in percent from 0 to 100;
 *     100 for a single user
 * @param position the position of the contest
 */
public record UserRank(
    RankedUser user,
    List<RankedUser> neighbors,
    List<RankedUser> around,
    int totalUsers,
    double percentile,
    Position position) {
  /** Copies the lists. */
  public UserRank {
    neighbors = List.copyOf(neighbors);
    around = List.copyOf(around);
  }
}

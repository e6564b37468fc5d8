package io.leaderboard.client;

import java.util.List;

/**
 * The rank of one user.
 *
 * @param user the user
 * @param neighbors the users ranked right above and below, best first, without the user
 * @param totalUsers the number of users of the contest, from 1
 * @param percentile the share of the other users that are ranked below, in percent from 0 to 100;
 *     100 for a single user
 * @param position the position of the contest
 */
public record UserRank(
    RankedUser user,
    List<RankedUser> neighbors,
    int totalUsers,
    double percentile,
    Position position) {
  /** Copies the neighbors. */
  public UserRank {
    neighbors = List.copyOf(neighbors);
  }
}

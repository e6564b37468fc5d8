package io.leaderboard.client;

import java.util.List;

/**
 * Consecutive rows of a contest.
 *
 * @param users the users, best first
 * @param totalUsers the number of users of the season, from 0
 * @param position the position of the contest
 */
public record TopUsers(List<RankedUser> users, int totalUsers, Position position) {
  /** Copies the users. */
  public TopUsers {
    users = List.copyOf(users);
  }
}

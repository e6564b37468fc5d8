package io.leaderboard.client;

import java.util.List;

/**
 * Consecutive ranks of a contest.
 *
 * @param users the users, best first
 * @param totalUsers how many users the contest has, from 0
 * @param position the position of this state
 */
public record TopUsers(List<RankedUser> users, int totalUsers, Position position) {
  /** Keeps a copy of the users. */
  public TopUsers {
    users = List.copyOf(users);
  }
}

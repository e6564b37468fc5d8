package io.leaderboard.client;

import java.util.List;

/**
 * The ranks of several users, all of one state.
 *
 * @param users the users that have a score, best first
 * @param missingUserIds the users without a score and the hidden ones, in the order of the query
 * @param totalUsers the number of users of the season, from 0
 * @param position the position of the contest
 */
public record UserRanks(
    List<RankedUser> users, List<String> missingUserIds, int totalUsers, Position position) {
  /** Copies the lists. */
  public UserRanks {
    users = List.copyOf(users);
    missingUserIds = List.copyOf(missingUserIds);
  }
}

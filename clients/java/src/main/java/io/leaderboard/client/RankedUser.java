package io.leaderboard.client;

import java.util.Map;

/**
 * A user with score and rank at one position of a contest.
 *
 * @param userId the user
 * @param score the score, from -2^53 to 2^53
 * @param rank the rank, from 1: the place, or where the contest shares ranks the same for equal
 *     scores
 * @param displayName the user's display name; empty if none was set
 * @param place the number of the row in the order of the contest, from 1: the best score is first,
 *     and of equal scores the one that was reached first, or last where the rules say so
 * @param attributes the attributes of the user, such as a country or a team
 */
public record RankedUser(
    String userId,
    long score,
    int rank,
    String displayName,
    int place,
    Map<String, String> attributes) {
  /** Copies the attributes. */
  public RankedUser {
    attributes = Map.copyOf(attributes);
  }

  /** Returns the same user with another rank and place. */
  RankedUser at(int newRank, int newPlace) {
    return new RankedUser(userId, score, newRank, displayName, newPlace, attributes);
  }
}

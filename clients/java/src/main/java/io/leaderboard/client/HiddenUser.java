package io.leaderboard.client;

import java.util.Map;
import java.util.OptionalLong;

/**
 * A hidden user of a contest.
 *
 * @param userId the user
 * @param score the score, from -2^53 to 2^53; empty for a user without a score
 * @param displayName the user's display name; empty if none was set
 * @param attributes the attributes of the user
 */
public record HiddenUser(
    String userId, OptionalLong score, String displayName, Map<String, String> attributes) {
  /** Copies the attributes. */
  public HiddenUser {
    attributes = Map.copyOf(attributes);
  }
}

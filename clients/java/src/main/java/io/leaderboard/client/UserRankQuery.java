package io.leaderboard.client;

import java.util.Objects;
import java.util.Optional;

/**
 * Asks for the rank of one user. Made by {@link #builder}.
 *
 * @param contestId the contest
 * @param userId the user
 * @param neighbors how many users to return on each side, from 0 to 100
 * @param minPosition the answer is of this state or a later one, on whichever server
 */
public record UserRankQuery(
    String contestId, String userId, int neighbors, Optional<Position> minPosition) {

  /** Refuses nulls with a {@link NullPointerException}; the service checks everything else. */
  public UserRankQuery {
    Objects.requireNonNull(contestId, "contestId");
    Objects.requireNonNull(userId, "userId");
    Objects.requireNonNull(minPosition, "minPosition");
  }

  /**
   * Begins a query without neighbors.
   *
   * @param contestId the contest
   * @param userId the user
   * @return what takes the rest
   */
  public static Builder builder(String contestId, String userId) {
    return new Builder(contestId, userId);
  }

  /** Takes what a query asks for, part by part; each is described at {@link UserRankQuery}. */
  public static final class Builder {
    private final String contestId;
    private final String userId;
    private int neighbors;
    private Optional<Position> minPosition = Optional.empty();

    private Builder(String contestId, String userId) {
      this.contestId = contestId;
      this.userId = userId;
    }

    /**
     * Sets how many users to return on each side.
     *
     * @param neighbors from 0 to 100; 0 by default
     * @return this
     */
    public Builder neighbors(int neighbors) {
      this.neighbors = neighbors;
      return this;
    }

    /**
     * Asks for a state that is not older than another answer.
     *
     * @param minPosition the position of that answer
     * @return this
     */
    public Builder minPosition(Position minPosition) {
      this.minPosition = Optional.of(minPosition);
      return this;
    }

    /**
     * Returns the query.
     *
     * @return the query
     */
    public UserRankQuery build() {
      return new UserRankQuery(contestId, userId, neighbors, minPosition);
    }
  }
}

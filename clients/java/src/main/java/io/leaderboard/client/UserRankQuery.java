package io.leaderboard.client;

import java.util.Objects;
import java.util.Optional;

/**
 * A query for the rank of one user. Made by {@link #builder}.
 *
 * @param contestId the contest
 * @param userId the user
 * @param neighbors the number of users to return on each side, from 0 to 100
 * @param minPosition the earliest position of the response, on any server
 */
public record UserRankQuery(
    String contestId, String userId, int neighbors, Optional<Position> minPosition) {

  /** Rejects nulls with a {@link NullPointerException}; the service validates the rest. */
  public UserRankQuery {
    Objects.requireNonNull(contestId, "contestId");
    Objects.requireNonNull(userId, "userId");
    Objects.requireNonNull(minPosition, "minPosition");
  }

  /**
   * Returns a builder of a query without neighbors.
   *
   * @param contestId the contest
   * @param userId the user
   * @return the builder
   */
  public static Builder builder(String contestId, String userId) {
    return new Builder(contestId, userId);
  }

  /** A builder of {@link UserRankQuery}. */
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
     * Sets the number of users to return on each side.
     *
     * @param neighbors from 0 to 100; 0 by default
     * @return this
     */
    public Builder neighbors(int neighbors) {
      this.neighbors = neighbors;
      return this;
    }

    /**
     * Sets the earliest position of the response.
     *
     * @param minPosition the position of an earlier response
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

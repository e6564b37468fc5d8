package io.leaderboard.client;

import java.util.Objects;
import java.util.Optional;

/**
 * Asks for consecutive ranks of a contest. Made by {@link #builder}.
 *
 * @param contestId the contest; an unknown one is an empty board
 * @param limit how many users to return, from 0 to 1,000; 0 is 10
 * @param startRank the first rank to return, from 0; 0 is 1
 * @param minPosition the answer is of this state or a later one, on whichever server
 */
public record TopUsersQuery(
    String contestId, int limit, int startRank, Optional<Position> minPosition) {

  /** Refuses nulls with a {@link NullPointerException}; the service checks everything else. */
  public TopUsersQuery {
    Objects.requireNonNull(contestId, "contestId");
    Objects.requireNonNull(minPosition, "minPosition");
  }

  /**
   * Begins a query for the first 10 ranks.
   *
   * @param contestId the contest
   * @return what takes the rest
   */
  public static Builder builder(String contestId) {
    return new Builder(contestId);
  }

  /** Takes what a query asks for, part by part; each is described at {@link TopUsersQuery}. */
  public static final class Builder {
    private final String contestId;
    private int limit;
    private int startRank;
    private Optional<Position> minPosition = Optional.empty();

    private Builder(String contestId) {
      this.contestId = contestId;
    }

    /**
     * Sets how many users to return.
     *
     * @param limit from 1 to 1,000; 10 by default
     * @return this
     */
    public Builder limit(int limit) {
      this.limit = limit;
      return this;
    }

    /**
     * Sets the first rank to return.
     *
     * @param startRank from 1; 1 by default
     * @return this
     */
    public Builder startRank(int startRank) {
      this.startRank = startRank;
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
    public TopUsersQuery build() {
      return new TopUsersQuery(contestId, limit, startRank, minPosition);
    }
  }
}

package io.leaderboard.client;

import java.util.Objects;
import java.util.Optional;

/**
 * A query for consecutive rows of a contest. Made by {@link #builder}.
 *
 * @param contestId the contest; an unknown one is an empty board
 * @param limit the number of users to return, from 0 to 1,000; 0 is 10
 * @param startRank the place of the first row to return, from 0; 0 is 1
 * @param minPosition the earliest position of the response, on any server
 * @param season the season to read: a number from 1, -1 for the one before the current season, or 0
 *     for the current season
 */
public record TopUsersQuery(
    String contestId, int limit, int startRank, Optional<Position> minPosition, int season) {

  /**
   * Rejects nulls with a {@link NullPointerException}, and unpaired surrogates in the id with an
   * {@link IllegalArgumentException}; the service validates the rest.
   */
  public TopUsersQuery {
    UnicodeText.check(contestId, "contestId");
    Objects.requireNonNull(minPosition, "minPosition");
  }

  /**
   * Returns a builder of a query for the first 10 rows.
   *
   * @param contestId the contest
   * @return the builder
   */
  public static Builder builder(String contestId) {
    return new Builder(contestId);
  }

  /** A builder of {@link TopUsersQuery}. */
  public static final class Builder {
    private final String contestId;
    private int limit;
    private int startRank;
    private Optional<Position> minPosition = Optional.empty();
    private int season;

    private Builder(String contestId) {
      this.contestId = contestId;
    }

    /**
     * Sets the number of users to return.
     *
     * @param limit from 1 to 1,000; 10 by default
     * @return this
     */
    public Builder limit(int limit) {
      this.limit = limit;
      return this;
    }

    /**
     * Sets the place of the first row to return.
     *
     * @param startRank from 1; 1 by default
     * @return this
     */
    public Builder startRank(int startRank) {
      this.startRank = startRank;
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
     * Sets the season to read. Seasons that are over do not change, except when a user is erased,
     * which may show up to 60 s later.
     *
     * @param season a number from 1, or -1 for the season before the current one; the current season
     *     by default
     * @return this
     */
    public Builder season(int season) {
      this.season = season;
      return this;
    }

    /**
     * Returns the query.
     *
     * @return the query
     */
    public TopUsersQuery build() {
      return new TopUsersQuery(contestId, limit, startRank, minPosition, season);
    }
  }
}

package io.leaderboard.client;

import java.util.Objects;
import java.util.Optional;

/**
 * A query for the rank of one user. Made by {@link #builder}.
 *
 * @param contestId the contest
 * @param userId the user
 * @param neighbors the number of users to return on each side, from 0 to 100
 * @param around the number of consecutive rows around the user to return, the user included, from 0
 *     to 201
 * @param minPosition the earliest position of the response, on any server
 * @param season the season to read: a number from 1, -1 for the one before the current season, or 0
 *     for the current season
 */
public record UserRankQuery(
    String contestId,
    String userId,
    int neighbors,
    int around,
    Optional<Position> minPosition,
    int season) {

  /**
   * Rejects nulls with a {@link NullPointerException}, and unpaired surrogates in ids with an
   * {@link IllegalArgumentException}; the service validates the rest.
   */
  public UserRankQuery {
    UnicodeText.check(contestId, "contestId");
    UnicodeText.check(userId, "userId");
    Objects.requireNonNull(minPosition, "minPosition");
  }

  /**
   * Returns a builder of a query without neighbors and rows around.
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
    private int around;
    private Optional<Position> minPosition = Optional.empty();
    private int season;

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
     * Sets the number of consecutive rows around the user to return, the user included. At the ends
     * of the board they begin at the first row, or end at the last one, so that there are as many
     * as the board has.
     *
     * @param around from 0 to 201; 0 by default
     * @return this
     */
    public Builder around(int around) {
      this.around = around;
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
    public UserRankQuery build() {
      return new UserRankQuery(contestId, userId, neighbors, around, minPosition, season);
    }
  }
}

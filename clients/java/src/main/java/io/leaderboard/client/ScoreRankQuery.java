package io.leaderboard.client;

import java.util.Objects;
import java.util.Optional;

/**
 * A query for the rank that a new user with a score would have. Made by {@link #builder}.
 *
 * @param contestId the contest; an unknown one is an empty board
 * @param score the score, from -2^53 to 2^53
 * @param around the number of consecutive rows around the score to return, from 0 to 201
 * @param minPosition the earliest position of the response, on any server
 * @param season the season to read: a number from 1, -1 for the one before the current season, or 0
 *     for the current season
 */
public record ScoreRankQuery(
    String contestId, long score, int around, Optional<Position> minPosition, int season) {

  /**
   * Rejects nulls with a {@link NullPointerException}, and unpaired surrogates in the id with an
   * {@link IllegalArgumentException}; the service validates the rest.
   */
  public ScoreRankQuery {
    UnicodeText.check(contestId, "contestId");
    Objects.requireNonNull(minPosition, "minPosition");
  }

  /**
   * Returns a builder of a query without rows around.
   *
   * @param contestId the contest
   * @param score the score, from -2^53 to 2^53
   * @return the builder
   */
  public static Builder builder(String contestId, long score) {
    return new Builder(contestId, score);
  }

  /** A builder of {@link ScoreRankQuery}. */
  public static final class Builder {
    private final String contestId;
    private final long score;
    private int around;
    private Optional<Position> minPosition = Optional.empty();
    private int season;

    private Builder(String contestId, long score) {
      this.contestId = contestId;
      this.score = score;
    }

    /**
     * Sets the number of consecutive rows around the score to return. They are centred on the first
     * user whose score is not better, or on the last row if there is none.
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
    public ScoreRankQuery build() {
      return new ScoreRankQuery(contestId, score, around, minPosition, season);
    }
  }
}

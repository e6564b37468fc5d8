package io.leaderboard.client;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A query for the ranks of several users. Made by {@link #of} or {@link #builder}.
 *
 * @param contestId the contest
 * @param userIds the users: 1 to 1,000, each once
 * @param minPosition the earliest position of the response, on any server
 * @param season the season to read: a number from 1, -1 for the one before the current season, or 0
 *     for the current season
 */
public record UserRanksQuery(
    String contestId, List<String> userIds, Optional<Position> minPosition, int season) {

  /**
   * Copies the users. Rejects nulls with a {@link NullPointerException}, and unpaired surrogates in
   * ids with an {@link IllegalArgumentException}; the service validates the rest.
   */
  public UserRanksQuery {
    UnicodeText.check(contestId, "contestId");
    Objects.requireNonNull(minPosition, "minPosition");
    userIds = List.copyOf(userIds);
    userIds.forEach(userId -> UnicodeText.check(userId, "userIds"));
  }

  /**
   * Returns a query.
   *
   * @param contestId the contest
   * @param userIds the users: 1 to 1,000, each once
   * @return the query
   */
  public static UserRanksQuery of(String contestId, List<String> userIds) {
    return builder(contestId, userIds).build();
  }

  /**
   * Returns a builder of a query.
   *
   * @param contestId the contest
   * @param userIds the users: 1 to 1,000, each once
   * @return the builder
   */
  public static Builder builder(String contestId, List<String> userIds) {
    return new Builder(contestId, userIds);
  }

  /** A builder of {@link UserRanksQuery}. */
  public static final class Builder {
    private final String contestId;
    private final List<String> userIds;
    private Optional<Position> minPosition = Optional.empty();
    private int season;

    private Builder(String contestId, List<String> userIds) {
      this.contestId = contestId;
      this.userIds = userIds;
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
    public UserRanksQuery build() {
      return new UserRanksQuery(contestId, userIds, minPosition, season);
    }
  }
}

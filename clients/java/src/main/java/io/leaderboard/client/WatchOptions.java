package io.leaderboard.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * The options of a watch. Made by {@link #builder}.
 *
 * @param contestId the contest; it need not exist yet
 * @param limit the number of first rows on the board, from 0 to 1,000; 0 is 10
 * @param scope the changes to watch
 * @param userIds the users to watch with the scope USERS, 1 to 1,000; none with other scopes
 * @param minInterval the least time between two messages with changes in the scope TOP, from 0 to
 *     60 s
 */
public record WatchOptions(
    String contestId, int limit, WatchScope scope, List<String> userIds, Duration minInterval) {

  /**
   * Rejects nulls with a {@link NullPointerException}, and unpaired surrogates in ids with an
   * {@link IllegalArgumentException}; the service validates the rest.
   */
  public WatchOptions {
    UnicodeText.check(contestId, "contestId");
    Objects.requireNonNull(scope, "scope");
    Objects.requireNonNull(minInterval, "minInterval");
    userIds = List.copyOf(userIds);
    userIds.forEach(userId -> UnicodeText.check(userId, "userIds"));
  }

  /**
   * Returns a builder of options that watch the first 10 rows.
   *
   * @param contestId the contest
   * @return the builder
   */
  public static Builder builder(String contestId) {
    return new Builder(contestId);
  }

  /** A builder of {@link WatchOptions}. */
  public static final class Builder {
    private final String contestId;
    private int limit = LiveBoard.DEFAULT_LIMIT;
    private WatchScope scope = WatchScope.TOP;
    private List<String> userIds = List.of();
    private Duration minInterval = Duration.ZERO;

    private Builder(String contestId) {
      this.contestId = contestId;
    }

    /**
     * Sets the number of first rows on the board.
     *
     * @param limit from 1 to 1,000; 10 by default
     * @return this
     */
    public Builder limit(int limit) {
      this.limit = limit;
      return this;
    }

    /**
     * Sets the changes to watch.
     *
     * @param scope the scope; {@link WatchScope#TOP} by default
     * @return this
     */
    public Builder scope(WatchScope scope) {
      this.scope = scope;
      return this;
    }

    /**
     * Watches only these users: sets the scope to {@link WatchScope#USERS}.
     *
     * @param userIds 1 to 1,000 users, each once
     * @return this
     */
    public Builder users(List<String> userIds) {
      this.scope = WatchScope.USERS;
      this.userIds = userIds;
      return this;
    }

    /**
     * Sets the least time between two messages with changes in the scope TOP.
     *
     * @param minInterval from 0 to 60 s; 0 by default
     * @return this
     */
    public Builder minInterval(Duration minInterval) {
      this.minInterval = minInterval;
      return this;
    }

    /**
     * Returns the options.
     *
     * @return the options
     */
    public WatchOptions build() {
      return new WatchOptions(contestId, limit, scope, userIds, minInterval);
    }
  }
}

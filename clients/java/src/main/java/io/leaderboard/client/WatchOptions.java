package io.leaderboard.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * Says what to watch. Made by {@link #builder}.
 *
 * @param contestId the contest; it need not exist yet
 * @param limit how many of the first ranks the board has, from 0 to 1,000; 0 is 10
 * @param scope what is told of the contest
 * @param userIds the users to watch with the scope USERS, 1 to 1,000; none with the others
 * @param minInterval the least time between two messages of changes with the scope TOP, from 0 to
 *     60 s
 */
public record WatchOptions(
    String contestId, int limit, WatchScope scope, List<String> userIds, Duration minInterval) {

  /** Refuses nulls with a {@link NullPointerException}; the service checks everything else. */
  public WatchOptions {
    Objects.requireNonNull(contestId, "contestId");
    Objects.requireNonNull(scope, "scope");
    Objects.requireNonNull(minInterval, "minInterval");
    userIds = List.copyOf(userIds);
  }

  /**
   * Begins with a watch of the first 10 ranks.
   *
   * @param contestId the contest
   * @return what takes the rest
   */
  public static Builder builder(String contestId) {
    return new Builder(contestId);
  }

  /** Takes what to watch, part by part; each is described at {@link WatchOptions}. */
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
     * Sets how many of the first ranks the board has.
     *
     * @param limit from 1 to 1,000; 10 by default
     * @return this
     */
    public Builder limit(int limit) {
      this.limit = limit;
      return this;
    }

    /**
     * Sets what is told of the contest.
     *
     * @param scope the scope; {@link WatchScope#TOP} by default
     * @return this
     */
    public Builder scope(WatchScope scope) {
      this.scope = scope;
      return this;
    }

    /**
     * Watches these users alone: sets the scope to {@link WatchScope#USERS}.
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
     * Sets the least time between two messages of changes with the scope TOP.
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

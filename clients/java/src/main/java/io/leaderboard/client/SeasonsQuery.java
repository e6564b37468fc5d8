package io.leaderboard.client;

/**
 * A query for the seasons of a contest. Made by {@link #builder}.
 *
 * @param contestId the contest
 * @param pageSize the most seasons of one page, from 0 to 1,000; 0 is 100
 */
public record SeasonsQuery(String contestId, int pageSize) {

  /**
   * Rejects null with a {@link NullPointerException}, and unpaired surrogates in the id with an
   * {@link IllegalArgumentException}; the service validates the rest.
   */
  public SeasonsQuery {
    UnicodeText.check(contestId, "contestId");
  }

  /**
   * Returns a builder of a query with the default page size.
   *
   * @param contestId the contest
   * @return the builder
   */
  public static Builder builder(String contestId) {
    return new Builder(contestId);
  }

  /** A builder of {@link SeasonsQuery}. */
  public static final class Builder {
    private final String contestId;
    private int pageSize;

    private Builder(String contestId) {
      this.contestId = contestId;
    }

    /**
     * Sets the most seasons of one page, each of which is one call.
     *
     * @param pageSize from 1 to 1,000; 100 by default
     * @return this
     */
    public Builder pageSize(int pageSize) {
      this.pageSize = pageSize;
      return this;
    }

    /**
     * Returns the query.
     *
     * @return the query
     */
    public SeasonsQuery build() {
      return new SeasonsQuery(contestId, pageSize);
    }
  }
}

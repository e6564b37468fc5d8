package io.leaderboard.client;

import java.util.Objects;

/**
 * A query for contests. Made by {@link #builder}.
 *
 * @param idPrefix the beginning of the ids; empty for all contests
 * @param pageSize the most contests of one page, from 0 to 1,000; 0 is 100
 * @param state the state of the contests; {@link ContestState#UNSPECIFIED} for all of them
 */
public record ContestsQuery(String idPrefix, int pageSize, ContestState state) {

  /**
   * Rejects nulls with a {@link NullPointerException}, and unpaired surrogates with an {@link
   * IllegalArgumentException}; the service validates the rest.
   */
  public ContestsQuery {
    UnicodeText.check(idPrefix, "idPrefix");
    Objects.requireNonNull(state, "state");
  }

  /**
   * Returns a builder of a query for all contests.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder of {@link ContestsQuery}. */
  public static final class Builder {
    private String idPrefix = "";
    private int pageSize;
    private ContestState state = ContestState.UNSPECIFIED;

    private Builder() {}

    /**
     * Sets the beginning of the ids.
     *
     * @param idPrefix the beginning; empty by default, all contests
     * @return this
     */
    public Builder idPrefix(String idPrefix) {
      this.idPrefix = idPrefix;
      return this;
    }

    /**
     * Sets the most contests of one page, each of which is one call.
     *
     * @param pageSize from 1 to 1,000; 100 by default
     * @return this
     */
    public Builder pageSize(int pageSize) {
      this.pageSize = pageSize;
      return this;
    }

    /**
     * Sets the state of the contests.
     *
     * @param state the state; {@link ContestState#UNSPECIFIED} by default, all of them
     * @return this
     */
    public Builder state(ContestState state) {
      this.state = state;
      return this;
    }

    /**
     * Returns the query.
     *
     * @return the query
     */
    public ContestsQuery build() {
      return new ContestsQuery(idPrefix, pageSize, state);
    }
  }
}

package io.leaderboard.client;

import java.util.Objects;

/**
 * A contest to create. Made by {@link #builder}.
 *
 * @param contestId the contest: {@code [A-Za-z0-9_][A-Za-z0-9._:-]{0,127}}
 * @param displayName the name of the contest as people read it; may be empty
 * @param rules the rules
 */
public record ContestSettings(String contestId, String displayName, ContestRules rules) {

  /**
   * Rejects nulls with a {@link NullPointerException}, and unpaired surrogates in texts with an
   * {@link IllegalArgumentException}; the service validates the rest.
   */
  public ContestSettings {
    UnicodeText.check(contestId, "contestId");
    UnicodeText.check(displayName, "displayName");
    Objects.requireNonNull(rules, "rules");
  }

  /**
   * Returns a builder of a contest with the default rules and without a name.
   *
   * @param contestId the contest
   * @return the builder
   */
  public static Builder builder(String contestId) {
    return new Builder(contestId);
  }

  /** A builder of {@link ContestSettings}. */
  public static final class Builder {
    private final String contestId;
    private String displayName = "";
    private ContestRules rules = ContestRules.builder().build();

    private Builder(String contestId) {
      this.contestId = contestId;
    }

    /**
     * Sets the name of the contest.
     *
     * @param displayName at most 128 code points, none of them a control character
     * @return this
     */
    public Builder displayName(String displayName) {
      this.displayName = displayName;
      return this;
    }

    /**
     * Sets the rules.
     *
     * @param rules the rules
     * @return this
     */
    public Builder rules(ContestRules rules) {
      this.rules = rules;
      return this;
    }

    /**
     * Returns the settings.
     *
     * @return the settings
     */
    public ContestSettings build() {
      return new ContestSettings(contestId, displayName, rules);
    }
  }
}

package io.leaderboard.client;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * The rules of a contest. Made by {@link #builder}.
 *
 * @param order which scores are better
 * @param tieBreak which of equal scores comes first
 * @param rankStyle whether equal scores share a rank
 * @param defaultMode the mode of updates that name none
 * @param minScore the least score; if empty, -2^53
 * @param maxScore the greatest score; if empty, 2^53
 * @param maxPoints the most points that an update of the mode INCREMENT adds or takes away, from 1;
 *     if empty, 2^53
 */
public record ContestRules(
    Order order,
    TieBreak tieBreak,
    RankStyle rankStyle,
    UpdateMode defaultMode,
    OptionalLong minScore,
    OptionalLong maxScore,
    OptionalLong maxPoints) {

  /** Rejects nulls with a {@link NullPointerException}; the service validates the rest. */
  public ContestRules {
    Objects.requireNonNull(order, "order");
    Objects.requireNonNull(tieBreak, "tieBreak");
    Objects.requireNonNull(rankStyle, "rankStyle");
    Objects.requireNonNull(defaultMode, "defaultMode");
    Objects.requireNonNull(minScore, "minScore");
    Objects.requireNonNull(maxScore, "maxScore");
    Objects.requireNonNull(maxPoints, "maxPoints");
  }

  /**
   * Returns a builder of the default rules.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder of {@link ContestRules}. */
  public static final class Builder {
    private Order order = Order.HIGHEST_FIRST;
    private TieBreak tieBreak = TieBreak.FIRST_REACHED;
    private RankStyle rankStyle = RankStyle.ORDINAL;
    private UpdateMode defaultMode = UpdateMode.INCREMENT;
    private OptionalLong minScore = OptionalLong.empty();
    private OptionalLong maxScore = OptionalLong.empty();
    private OptionalLong maxPoints = OptionalLong.empty();

    private Builder() {}

    /**
     * Sets which scores are better.
     *
     * @param order the order; {@link Order#HIGHEST_FIRST} by default
     * @return this
     */
    public Builder order(Order order) {
      this.order = order;
      return this;
    }

    /**
     * Sets which of equal scores comes first.
     *
     * @param tieBreak the rule; {@link TieBreak#FIRST_REACHED} by default
     * @return this
     */
    public Builder tieBreak(TieBreak tieBreak) {
      this.tieBreak = tieBreak;
      return this;
    }

    /**
     * Sets whether equal scores share a rank.
     *
     * @param rankStyle the style; {@link RankStyle#ORDINAL} by default
     * @return this
     */
    public Builder rankStyle(RankStyle rankStyle) {
      this.rankStyle = rankStyle;
      return this;
    }

    /**
     * Sets the mode of updates that name none.
     *
     * @param defaultMode the mode; {@link UpdateMode#INCREMENT} by default
     * @return this
     */
    public Builder defaultMode(UpdateMode defaultMode) {
      this.defaultMode = defaultMode;
      return this;
    }

    /**
     * Sets the least score.
     *
     * @param minScore from -2^53, which is the default
     * @return this
     */
    public Builder minScore(long minScore) {
      this.minScore = OptionalLong.of(minScore);
      return this;
    }

    /**
     * Sets the greatest score.
     *
     * @param maxScore up to 2^53, which is the default, and not below the least one
     * @return this
     */
    public Builder maxScore(long maxScore) {
      this.maxScore = OptionalLong.of(maxScore);
      return this;
    }

    /**
     * Sets the most points that an update of the mode INCREMENT adds or takes away.
     *
     * @param maxPoints from 1 to 2^53, which is the default
     * @return this
     */
    public Builder maxPoints(long maxPoints) {
      this.maxPoints = OptionalLong.of(maxPoints);
      return this;
    }

    /**
     * Returns the rules.
     *
     * @return the rules
     */
    public ContestRules build() {
      return new ContestRules(
          order, tieBreak, rankStyle, defaultMode, minScore, maxScore, maxPoints);
    }
  }
}

package io.leaderboard.client;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A change of settings of a contest. Made by {@link #builder}.
 *
 * @param settings the contest with the new settings
 * @param mask the settings that are changed, with the names of the contract: {@code display_name},
 *     {@code starts_at}, {@code ends_at}, {@code expire_after}, {@code reset_schedule}, {@code
 *     keep_seasons}, {@code rules}, or single rules such as {@code rules.max_points}
 */
public record ContestUpdate(ContestSettings settings, List<String> mask) {

  /**
   * Copies the mask. Rejects nulls with a {@link NullPointerException}; the service validates the
   * rest.
   */
  public ContestUpdate {
    Objects.requireNonNull(settings, "settings");
    mask = List.copyOf(mask);
  }

  /**
   * Returns a builder of an update that changes the settings that it is given, and no others.
   *
   * @param contestId the contest
   * @return the builder
   */
  public static Builder builder(String contestId) {
    return new Builder(contestId);
  }

  /** A builder of {@link ContestUpdate}. */
  public static final class Builder {
    private final String contestId;
    private final Set<String> mask = new LinkedHashSet<>();
    private String displayName = "";
    private Order order = Order.UNSPECIFIED;
    private TieBreak tieBreak = TieBreak.UNSPECIFIED;
    private RankStyle rankStyle = RankStyle.UNSPECIFIED;
    private UpdateMode defaultMode = UpdateMode.UNSPECIFIED;
    private OptionalLong minScore = OptionalLong.empty();
    private OptionalLong maxScore = OptionalLong.empty();
    private OptionalLong maxPoints = OptionalLong.empty();
    private Optional<Instant> startsAt = Optional.empty();
    private Optional<Instant> endsAt = Optional.empty();
    private Optional<Duration> expireAfter = Optional.empty();
    private Optional<ResetSchedule> resetSchedule = Optional.empty();
    private OptionalInt keepSeasons = OptionalInt.empty();

    private Builder(String contestId) {
      this.contestId = contestId;
    }

    /**
     * Changes the name of the contest.
     *
     * @param displayName at most 128 code points, none of them a control character; empty removes
     *     the name
     * @return this
     */
    public Builder displayName(String displayName) {
      this.displayName = displayName;
      return change("display_name");
    }

    /**
     * Changes when the contest opens.
     *
     * @param startsAt the time, to the millisecond
     * @return this
     */
    public Builder startsAt(Instant startsAt) {
      this.startsAt = Optional.of(startsAt);
      return change("starts_at");
    }

    /**
     * Removes the start: the contest is open from the beginning.
     *
     * @return this
     */
    public Builder clearStartsAt() {
      this.startsAt = Optional.empty();
      return change("starts_at");
    }

    /**
     * Changes when the contest closes. A later time opens one again that is over.
     *
     * @param endsAt the time, to the millisecond, after the start
     * @return this
     */
    public Builder endsAt(Instant endsAt) {
      this.endsAt = Optional.of(endsAt);
      return change("ends_at");
    }

    /**
     * Removes the end: the contest does not close, and one that is over opens again.
     *
     * @return this
     */
    public Builder clearEndsAt() {
      this.endsAt = Optional.empty();
      return change("ends_at");
    }

    /**
     * Changes after which time the contest is deleted by itself.
     *
     * @param expireAfter from 1 s to 100 years, to the millisecond
     * @return this
     */
    public Builder expireAfter(Duration expireAfter) {
      this.expireAfter = Optional.of(expireAfter);
      return change("expire_after");
    }

    /**
     * Removes the time of {@link #expireAfter}: the contest is kept.
     *
     * @return this
     */
    public Builder clearExpireAfter() {
      this.expireAfter = Optional.empty();
      return change("expire_after");
    }

    /**
     * Changes the times at which seasons end.
     *
     * @param resetSchedule the times
     * @return this
     */
    public Builder resetSchedule(ResetSchedule resetSchedule) {
      this.resetSchedule = Optional.of(resetSchedule);
      return change("reset_schedule");
    }

    /**
     * Removes the schedule: only {@link LeaderboardClient#resetContest(String, int)} ends a season.
     *
     * @return this
     */
    public Builder clearResetSchedule() {
      this.resetSchedule = Optional.empty();
      return change("reset_schedule");
    }

    /**
     * Changes how many seasons are kept when they are over.
     *
     * @param keepSeasons from 0 to 1,000
     * @return this
     */
    public Builder keepSeasons(int keepSeasons) {
      this.keepSeasons = OptionalInt.of(keepSeasons);
      return change("keep_seasons");
    }

    /**
     * Removes the number of {@link #keepSeasons}: 10 are kept.
     *
     * @return this
     */
    public Builder clearKeepSeasons() {
      this.keepSeasons = OptionalInt.empty();
      return change("keep_seasons");
    }

    /**
     * Changes all rules.
     *
     * @param rules the rules
     * @return this
     */
    public Builder rules(ContestRules rules) {
      this.order = rules.order();
      this.tieBreak = rules.tieBreak();
      this.rankStyle = rules.rankStyle();
      this.defaultMode = rules.defaultMode();
      this.minScore = rules.minScore();
      this.maxScore = rules.maxScore();
      this.maxPoints = rules.maxPoints();
      return change("rules");
    }

    /**
     * Changes which scores are better. Only a board without scores can be ordered otherwise.
     *
     * @param order the order
     * @return this
     */
    public Builder order(Order order) {
      this.order = order;
      return change("rules.order");
    }

    /**
     * Changes which of equal scores comes first. Only a board without scores can be ordered
     * otherwise.
     *
     * @param tieBreak the rule
     * @return this
     */
    public Builder tieBreak(TieBreak tieBreak) {
      this.tieBreak = tieBreak;
      return change("rules.tie_break");
    }

    /**
     * Changes whether equal scores share a rank. Only a board without scores can be ranked
     * otherwise.
     *
     * @param rankStyle the style
     * @return this
     */
    public Builder rankStyle(RankStyle rankStyle) {
      this.rankStyle = rankStyle;
      return change("rules.rank_style");
    }

    /**
     * Changes the mode of updates that name none.
     *
     * @param defaultMode the mode
     * @return this
     */
    public Builder defaultMode(UpdateMode defaultMode) {
      this.defaultMode = defaultMode;
      return change("rules.default_mode");
    }

    /**
     * Changes the least score of later updates.
     *
     * @param minScore from -2^53
     * @return this
     */
    public Builder minScore(long minScore) {
      this.minScore = OptionalLong.of(minScore);
      return change("rules.min_score");
    }

    /**
     * Removes the bound of {@link #minScore}.
     *
     * @return this
     */
    public Builder clearMinScore() {
      this.minScore = OptionalLong.empty();
      return change("rules.min_score");
    }

    /**
     * Changes the greatest score of later updates.
     *
     * @param maxScore up to 2^53, and not below the least one
     * @return this
     */
    public Builder maxScore(long maxScore) {
      this.maxScore = OptionalLong.of(maxScore);
      return change("rules.max_score");
    }

    /**
     * Removes the bound of {@link #maxScore}.
     *
     * @return this
     */
    public Builder clearMaxScore() {
      this.maxScore = OptionalLong.empty();
      return change("rules.max_score");
    }

    /**
     * Changes the most points that a later update of the mode INCREMENT adds or takes away.
     *
     * @param maxPoints from 1 to 2^53
     * @return this
     */
    public Builder maxPoints(long maxPoints) {
      this.maxPoints = OptionalLong.of(maxPoints);
      return change("rules.max_points");
    }

    /**
     * Removes the bound of {@link #maxPoints}.
     *
     * @return this
     */
    public Builder clearMaxPoints() {
      this.maxPoints = OptionalLong.empty();
      return change("rules.max_points");
    }

    /**
     * Returns the update.
     *
     * @return the update
     */
    public ContestUpdate build() {
      ContestRules rules =
          new ContestRules(
              order, tieBreak, rankStyle, defaultMode, minScore, maxScore, maxPoints);
      return new ContestUpdate(
          new ContestSettings(
              contestId,
              displayName,
              rules,
              startsAt,
              endsAt,
              expireAfter,
              resetSchedule,
              keepSeasons),
          List.copyOf(mask));
    }

    private Builder change(String setting) {
      mask.add(setting);
      return this;
    }
  }
}

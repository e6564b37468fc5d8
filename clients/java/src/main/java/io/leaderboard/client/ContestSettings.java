package io.leaderboard.client;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A contest to create. Made by {@link #builder}.
 *
 * @param contestId the contest: {@code [A-Za-z0-9_][A-Za-z0-9._:-]{0,127}}
 * @param displayName the name of the contest as people read it; may be empty
 * @param rules the rules
 * @param startsAt when the contest opens; if empty, it is open from the beginning
 * @param endsAt when the contest closes, after the start; if empty, it does not close
 * @param expireAfter the time after which the contest is deleted by itself, counted from its end,
 *     or without one from its last write; if empty, it is kept
 * @param resetSchedule the times at which a season ends and the next one begins; if empty, only
 *     {@link LeaderboardClient#resetContest(String, int)} ends a season
 * @param keepSeasons the number of seasons that are kept when they are over, from 0 to 1,000; if
 *     empty, 10
 */
public record ContestSettings(
    String contestId,
    String displayName,
    ContestRules rules,
    Optional<Instant> startsAt,
    Optional<Instant> endsAt,
    Optional<Duration> expireAfter,
    Optional<ResetSchedule> resetSchedule,
    OptionalInt keepSeasons) {

  /**
   * Rejects nulls with a {@link NullPointerException}, and unpaired surrogates in texts with an
   * {@link IllegalArgumentException}; the service validates the rest.
   */
  public ContestSettings {
    UnicodeText.check(contestId, "contestId");
    UnicodeText.check(displayName, "displayName");
    Objects.requireNonNull(rules, "rules");
    Objects.requireNonNull(startsAt, "startsAt");
    Objects.requireNonNull(endsAt, "endsAt");
    Objects.requireNonNull(expireAfter, "expireAfter");
    Objects.requireNonNull(resetSchedule, "resetSchedule");
    Objects.requireNonNull(keepSeasons, "keepSeasons");
  }

  /**
   * Returns a builder of a contest with the default rules, without a name, times and a schedule.
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
    private Optional<Instant> startsAt = Optional.empty();
    private Optional<Instant> endsAt = Optional.empty();
    private Optional<Duration> expireAfter = Optional.empty();
    private Optional<ResetSchedule> resetSchedule = Optional.empty();
    private OptionalInt keepSeasons = OptionalInt.empty();

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
     * Sets when the contest opens; writes before fail.
     *
     * @param startsAt the time, to the millisecond
     * @return this
     */
    public Builder startsAt(Instant startsAt) {
      this.startsAt = Optional.of(startsAt);
      return this;
    }

    /**
     * Sets when the contest closes; writes from then on fail, and watches end.
     *
     * @param endsAt the time, to the millisecond, after the start
     * @return this
     */
    public Builder endsAt(Instant endsAt) {
      this.endsAt = Optional.of(endsAt);
      return this;
    }

    /**
     * Sets after which time the contest is deleted by itself: counted from its end, or without one
     * from its last write.
     *
     * @param expireAfter from 1 s to 100 years, to the millisecond
     * @return this
     */
    public Builder expireAfter(Duration expireAfter) {
      this.expireAfter = Optional.of(expireAfter);
      return this;
    }

    /**
     * Sets the times at which a season ends and the next one begins, with an empty board. A season
     * without a write does not end by it.
     *
     * @param resetSchedule the times
     * @return this
     */
    public Builder resetSchedule(ResetSchedule resetSchedule) {
      this.resetSchedule = Optional.of(resetSchedule);
      return this;
    }

    /**
     * Sets how many seasons are kept when they are over; the oldest ones beyond are deleted.
     *
     * @param keepSeasons from 0 to 1,000; 10 by default
     * @return this
     */
    public Builder keepSeasons(int keepSeasons) {
      this.keepSeasons = OptionalInt.of(keepSeasons);
      return this;
    }

    /**
     * Returns the settings.
     *
     * @return the settings
     */
    public ContestSettings build() {
      return new ContestSettings(
          contestId,
          displayName,
          rules,
          startsAt,
          endsAt,
          expireAfter,
          resetSchedule,
          keepSeasons);
    }
  }
}

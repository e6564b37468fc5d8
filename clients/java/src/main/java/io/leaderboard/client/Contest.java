package io.leaderboard.client;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A contest.
 *
 * @param contestId the contest
 * @param displayName the name of the contest as people read it; empty if none was set
 * @param rules the rules
 * @param startsAt when the contest opens; empty if it is open from the beginning
 * @param endsAt when the contest closes; empty if it does not close
 * @param expireAfter the time after which the contest is deleted by itself, counted from its end,
 *     or without one from its last write; empty if it is kept
 * @param resetSchedule the times at which a season ends and the next one begins; empty if only
 *     {@link LeaderboardClient#resetContest(String, int)} ends a season
 * @param keepSeasons the number of seasons that are kept when they are over; empty for 10
 * @param state the state
 * @param season the number of the current season, from 1
 * @param totalUsers the number of users of the current season, from 0
 * @param position the position of this state
 * @param createdAt when the contest was created or began, by the clock of the store; empty if
 *     an earlier version of the service began it
 * @param nextResetAt when the current season ends by the schedule, by the clock of the store; empty
 *     where there is no schedule, and where the contest ends before
 */
public record Contest(
    String contestId,
    String displayName,
    ContestRules rules,
    Optional<Instant> startsAt,
    Optional<Instant> endsAt,
    Optional<Duration> expireAfter,
    Optional<ResetSchedule> resetSchedule,
    OptionalInt keepSeasons,
    ContestState state,
    int season,
    int totalUsers,
    Position position,
    Optional<Instant> createdAt,
    Optional<Instant> nextResetAt) {}

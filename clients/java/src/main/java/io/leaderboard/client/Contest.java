package io.leaderboard.client;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

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
 * @param state the state
 * @param totalUsers the number of users of the contest, from 0
 * @param position the position of this state
 * @param createdAt when the contest was created or began, by the clock of the store; empty if
 *     an earlier version of the service began it
 */
public record Contest(
    String contestId,
    String displayName,
    ContestRules rules,
    Optional<Instant> startsAt,
    Optional<Instant> endsAt,
    Optional<Duration> expireAfter,
    ContestState state,
    int totalUsers,
    Position position,
    Optional<Instant> createdAt) {}

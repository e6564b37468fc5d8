package io.leaderboard.client;

import java.time.Instant;
import java.util.Optional;

/**
 * A contest.
 *
 * @param contestId the contest
 * @param displayName the name of the contest as people read it; empty if none was set
 * @param rules the rules
 * @param totalUsers the number of users of the contest, from 0
 * @param position the position of this state
 * @param createdAt when the contest was created or began, by the clock of the store; empty if
 *     an earlier version of the service began it
 */
public record Contest(
    String contestId,
    String displayName,
    ContestRules rules,
    int totalUsers,
    Position position,
    Optional<Instant> createdAt) {}

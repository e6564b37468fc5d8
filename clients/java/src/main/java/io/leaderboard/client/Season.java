package io.leaderboard.client;

import java.time.Instant;
import java.util.Optional;

/**
 * A season of a contest.
 *
 * @param number its number, from 1
 * @param startedAt when it began; empty if an earlier version of the service began the contest
 * @param endedAt when it ended; empty for the current season
 * @param totalUsers the number of its users, from 0
 * @param position the position of its latest change
 */
public record Season(
    int number,
    Optional<Instant> startedAt,
    Optional<Instant> endedAt,
    int totalUsers,
    Position position) {}

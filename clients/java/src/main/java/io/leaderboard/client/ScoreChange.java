package io.leaderboard.client;

import java.time.Instant;
import java.util.Optional;

/**
 * A change of one user's row, as a watch is told of it.
 *
 * @param user the user after the change; with the scope TOP the rank of a user who left the watched
 *     ranks is only known to be beyond the limit
 * @param previousRank the rank before, from 1; 0 for a new user, and with the scope TOP for a row
 *     that moves up into the watched ranks though its score did not change
 * @param points by how much the score changed, from -2^54 to 2^54
 * @param eventType what happened, as the update said; empty if it did not say
 * @param eventTime when it happened, as the update said
 */
public record ScoreChange(
    RankedUser user,
    int previousRank,
    long points,
    String eventType,
    Optional<Instant> eventTime) {}

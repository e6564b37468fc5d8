package io.leaderboard.client;

import java.time.Instant;
import java.util.Optional;

/**
 * A change of one user's row, as a watch receives it.
 *
 * @param user the user after the change; with the scope TOP, the rank of a user that left the
 *     watched ranks is only known to be beyond the limit
 * @param previousRank the rank before, from 1; 0 for a new user, and with the scope TOP for a row
 *     that moves up into the watched ranks without a change of its score
 * @param points the change of the score, from -2^54 to 2^54
 * @param eventType the event type of the update; may be empty
 * @param eventTime the event time of the update, if it has one
 */
public record ScoreChange(
    RankedUser user,
    int previousRank,
    long points,
    String eventType,
    Optional<Instant> eventTime) {}

package io.leaderboard.client;

import java.time.Instant;
import java.util.Optional;

/**
 * A change of one user's row, as a watch receives it.
 *
 * @param user the user after the change, with its rank and place after all changes up to this one.
 *     With the scope TOP the place of a user that left the watched rows is only known to be beyond
 *     the limit, while its rank may be within it; and where the contest shares ranks, the rank is
 *     that after all changes of the message
 * @param previousRank the rank before, from 1; 0 for a new user or one that returns to the board, and
 *     with the scope TOP for a row that moves up into the watched rows without a change of its score
 * @param previousPlace the place before, from 1; 0 where the previous rank is 0
 * @param points the change of the score, from -2^54 to 2^54; 0 for a row that left the board, or
 *     returned to it
 * @param eventType the event type of the update; may be empty
 * @param eventTime the event time of the update, if it has one
 * @param removed whether the row left the board, because the user was removed, hidden or erased; the
 *     user then has nothing but its id
 */
public record ScoreChange(
    RankedUser user,
    int previousRank,
    int previousPlace,
    long points,
    String eventType,
    Optional<Instant> eventTime,
    boolean removed) {}

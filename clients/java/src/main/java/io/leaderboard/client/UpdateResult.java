package io.leaderboard.client;

/**
 * The result of an update.
 *
 * @param user the user right after this update; a hidden user has the rank and the place 0
 * @param previousScore the score right before, from -2^53 to 2^53; 0 for a new user
 * @param previousRank the rank right before, from 1; 0 for a new or a hidden user
 * @param previousPlace the place right before, from 1; 0 for a new or a hidden user
 * @param applied whether the update changed something; if not, no rank changed
 * @param replayed whether this is the stored result of an earlier call with the same request id
 * @param position the position of the contest right after this update
 */
public record UpdateResult(
    RankedUser user,
    long previousScore,
    int previousRank,
    int previousPlace,
    boolean applied,
    boolean replayed,
    Position position) {}

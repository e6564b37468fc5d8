package io.leaderboard.client;

/**
 * What an update led to.
 *
 * @param user the user right after this update
 * @param previousScore the score right before, from -2^53 to 2^53; 0 for a new user
 * @param previousRank the rank right before, from 1; 0 for a new user
 * @param applied whether the update changed something; one that did not moved nobody
 * @param replayed whether this is the first answer to the same request id, given again
 * @param position the position of the contest right after this update
 */
public record UpdateResult(
    RankedUser user,
    long previousScore,
    int previousRank,
    boolean applied,
    boolean replayed,
    Position position) {}

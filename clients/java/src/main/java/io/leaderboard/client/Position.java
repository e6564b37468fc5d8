package io.leaderboard.client;

/**
 * A point in the history of one contest. Positions of one contest and one epoch are ordered by
 * revision; other positions can't be compared. Each season is an epoch of its own.
 *
 * @param epoch identifies one history of the contest; empty for a contest that does not exist
 * @param revision the number of changes applied to the contest, from 0
 */
public record Position(String epoch, long revision) {}

package io.leaderboard.client;

/**
 * The result of removing, hiding or unhiding users.
 *
 * @param count how many of the users it changed: how many had a score, were not hidden before, or
 *     were hidden before. A call that was retried may count none
 * @param position the position of the contest right after it; without an epoch if the contest does
 *     not exist
 */
public record UsersChanged(int count, Position position) {}

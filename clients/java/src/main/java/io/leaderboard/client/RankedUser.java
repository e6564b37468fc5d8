package io.leaderboard.client;

/**
 * A user with score and rank at one position of a contest.
 *
 * @param userId the user
 * @param score the score, from -2^53 to 2^53
 * @param rank the rank, from 1: the highest score is first, and among equal scores the one that was
 *     reached first
 * @param displayName the user's display name; empty if none was set
 */
public record RankedUser(String userId, long score, int rank, String displayName) {}

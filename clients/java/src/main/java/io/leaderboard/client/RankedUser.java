package io.leaderboard.client;

/**
 * A user as ranked at some position of a contest.
 *
 * @param userId the user
 * @param score the score, from -2^53 to 2^53
 * @param rank the rank, from 1: the highest score is first, and of equal scores the one that was
 *     reached first
 * @param displayName the user's name for people; empty if none was given
 */
public record RankedUser(String userId, long score, int rank, String displayName) {}

package io.leaderboard.client;

/**
 * A part of all contests from which a user was erased.
 *
 * @param contestsChanged how many contests of this part held the user
 * @param nextPageToken the token with which the erasure goes on after this part; empty after the
 *     last one
 */
public record ErasedPart(int contestsChanged, String nextPageToken) {}

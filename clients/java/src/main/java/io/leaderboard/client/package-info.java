/**
 * The client of the leaderboard service: writes scores, reads boards and ranks, and watches
 * contests.
 *
 * <p>{@link io.leaderboard.client.LeaderboardClient} is where to begin. Its calls return futures
 * that fail with a {@link io.leaderboard.client.LeaderboardException}.
 */
package io.leaderboard.client;

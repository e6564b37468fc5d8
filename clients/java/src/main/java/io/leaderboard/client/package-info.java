/**
 * A client of the leaderboard service: it writes scores, reads boards and ranks, and watches
 * contests.
 *
 * <p>Start with {@link io.leaderboard.client.LeaderboardClient}. Its calls return futures that fail
 * with a {@link io.leaderboard.client.LeaderboardException}.
 */
package io.leaderboard.client;

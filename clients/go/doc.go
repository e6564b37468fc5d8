// Package leaderboard writes scores to the leaderboard service, reads boards and ranks, watches
// contests as they change, creates contests with rules, times and seasons, and removes users and
// contests.
//
// A [Client] is safe for use by many goroutines. A failed call is retried while a retry may help,
// until the deadline of its context, or for 10 s if the context has none. A retry never counts
// twice: every write of a score carries a request id, which stays the same in all attempts.
//
// A failed call returns an [*Error]. errors.Is distinguishes the kinds of errors:
//
//	rank, err := client.GetUserRank(ctx, leaderboard.UserRankQuery{ContestID: "chess", UserID: "ada"})
//	if errors.Is(err, leaderboard.ErrNotFound) {
//		// ada has no score yet
//	}
package leaderboard

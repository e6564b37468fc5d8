// Package leaderboard writes scores to the leaderboard service, reads boards and ranks, and
// watches contests as they change.
//
// A [Client] is safe for use by many goroutines. Its calls send again what failed for a while,
// until the deadline of their context, or for 10 s if it has none. That never counts twice: every
// write carries a request id, which stays the same however often it is sent.
//
// What fails is an [*Error], and errors.Is tells the kinds apart:
//
//	rank, err := client.GetUserRank(ctx, leaderboard.UserRankQuery{ContestID: "chess", UserID: "ada"})
//	if errors.Is(err, leaderboard.ErrNotFound) {
//		// ada has no score yet
//	}
package leaderboard

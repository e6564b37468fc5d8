package leaderboard

import (
	"time"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// WatchState is the state of a watch.
type WatchState string

const (
	// StateConnecting means that no message was received yet; there is no board.
	StateConnecting WatchState = "CONNECTING"
	// StateLive means that a stream is open and the board is up to date with it.
	StateLive WatchState = "LIVE"
	// StateReconnecting means that the stream was lost, and the next one has not sent a message yet:
	// the board may be behind.
	StateReconnecting WatchState = "RECONNECTING"
	// StateOver means that the contest is over, and the watch has ended; this is the final board,
	// unless the contest is opened again.
	StateOver WatchState = "OVER"
	// StateDeleted means that the contest was deleted or has expired, and the watch has ended; this is
	// the last board before.
	StateDeleted WatchState = "DELETED"
)

// isFinal returns whether the service ended the watch for good.
func (s WatchState) isFinal() bool {
	return s == StateOver || s == StateDeleted
}

// SnapshotReason is why the service sent a whole board.
type SnapshotReason string

const (
	// SnapshotInitial means that the watch begins.
	SnapshotInitial SnapshotReason = "INITIAL"
	// SnapshotHistoryTrimmed means that the service no longer has all changes since the position.
	SnapshotHistoryTrimmed SnapshotReason = "HISTORY_TRIMMED"
	// SnapshotNewEpoch means that the history of the contest was lost or rolled back, or that the
	// contest was deleted and began again.
	SnapshotNewEpoch SnapshotReason = "NEW_EPOCH"
	// SnapshotLagged means that the watcher fell too far behind.
	SnapshotLagged SnapshotReason = "LAGGED"
	// SnapshotAhead means that the position of the board was later than the contest's.
	SnapshotAhead SnapshotReason = "AHEAD"
	// SnapshotNewSeason means that the season is over and another one has begun, with an empty board.
	SnapshotNewSeason SnapshotReason = "NEW_SEASON"
	// SnapshotContestUpdated means that the settings of the contest were changed.
	SnapshotContestUpdated SnapshotReason = "CONTEST_UPDATED"
)

// ScoreChange is a change of one user's row.
type ScoreChange struct {
	// User is the user after the change, with the place and the rank after this change and the ones
	// before it in the message. With ScopeTop the place of a user who dropped out of the watched rows
	// is only known to be beyond the limit, and where the contest shares ranks the rank is that after
	// all changes of the message.
	User RankedUser
	// Removed is whether the row left the board: the user was removed, hidden or erased. User then has
	// only its id.
	Removed bool
	// PreviousRank is the rank before the change, from 1; 0 for a new user or one that returns to the
	// board, and with ScopeTop for a row that moves up into the watched rows.
	PreviousRank int
	// PreviousPlace is the place before the change, from 1; 0 where PreviousRank is 0.
	PreviousPlace int
	// Points are the difference between the new and the old score.
	Points int64
	// EventType is what happened, as set in the update.
	EventType string
	// EventTime is when it happened, as set in the update; the zero time if it was not set.
	EventTime time.Time
}

// WatchUpdate is the state of a watch. Every update is complete; none needs an earlier one.
type WatchUpdate struct {
	// State is the state of the watch.
	State WatchState
	// Rows are the board at Position, best first, whatever the state. With ScopeTop they are the
	// first rows up to the limit. With ScopeAll they are as many of these rows as are certain: the
	// service does not send the row that moves up from below the limit when a user drops out. With
	// ScopeUsers they are the watched users, each with the place and the rank at the user's own last
	// change, in the order of their scores, then of these places, and of equal ones the last change
	// first.
	Rows []RankedUser
	// Season is the number of the season of the board, from 1; 0 while there is no board, and for a
	// contest that does not exist.
	Season int
	// TotalUsers is the number of users in the season if TotalUsersKnown is true.
	TotalUsers int
	// TotalUsersKnown is whether TotalUsers is certain: always with ScopeAll, after a snapshot or
	// changes, and with ScopeTop while there are fewer users than the limit.
	TotalUsersKnown bool
	// Position is the position of the board; zero while there is no board.
	Position Position
	// Changes are the changes in the message, in order, without rows that the board already held.
	Changes []ScoreChange
	// SnapshotReason is why the message was a snapshot; empty if it was none.
	SnapshotReason SnapshotReason
	// Message is the message that led to this update; nil if only the state of the watch changed.
	Message *pb.WatchContestResponse
	// Trouble is why there is no stream while connecting or reconnecting; nil if nothing failed. It
	// is an [*Error], [ErrStreamLost] or [ErrMissedChanges].
	Trouble error
}

// in returns the update with the same board in another state.
func (u WatchUpdate) in(state WatchState, message *pb.WatchContestResponse, trouble error) WatchUpdate {
	u.State, u.Message, u.Trouble = state, message, trouble
	u.Changes, u.SnapshotReason = nil, ""
	return u
}

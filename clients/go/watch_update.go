package leaderboard

import (
	"time"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// WatchState is how a watch stands.
type WatchState string

const (
	// StateConnecting means that nothing was told yet; there is no board.
	StateConnecting WatchState = "CONNECTING"
	// StateLive means that the board is followed as it changes.
	StateLive WatchState = "LIVE"
	// StateReconnecting means that the stream was lost, and the next one has not told anything yet:
	// the board may be behind.
	StateReconnecting WatchState = "RECONNECTING"
	// StateOver means that the contest is over; this is its last board.
	StateOver WatchState = "OVER"
)

// SnapshotReason is why a board was told as a whole.
type SnapshotReason string

const (
	// SnapshotInitial begins a watch.
	SnapshotInitial SnapshotReason = "INITIAL"
	// SnapshotHistoryTrimmed comes when the history no longer holds all changes since.
	SnapshotHistoryTrimmed SnapshotReason = "HISTORY_TRIMMED"
	// SnapshotNewEpoch comes when the history of the contest was lost, reset or rolled back.
	SnapshotNewEpoch SnapshotReason = "NEW_EPOCH"
	// SnapshotLagged comes when the watcher fell too far behind.
	SnapshotLagged SnapshotReason = "LAGGED"
	// SnapshotAhead comes when the board was of a later position than the contest's.
	SnapshotAhead SnapshotReason = "AHEAD"
)

// ScoreChange is a change of one user's row.
type ScoreChange struct {
	// User is the user after the change, with the rank in the state that the changes up to this one
	// lead to. With ScopeTop the rank of a user who left the watched ranks is only known to be
	// beyond the limit.
	User RankedUser
	// PreviousRank is the rank before, from 1; 0 for a new user, and with ScopeTop for a row that
	// moves up into the watched ranks.
	PreviousRank int
	// Points are by how much the score changed.
	Points int64
	// EventType is what happened, as the update said.
	EventType string
	// EventTime is when it happened, as the update said; the zero time if it did not.
	EventTime time.Time
}

// WatchUpdate is the state of a watch. Every update stands on its own; none has to be applied to
// another.
type WatchUpdate struct {
	// State is how the watch stands.
	State WatchState
	// Rows are the board, best first, as the store had it at Position, whatever the state. With
	// ScopeTop they are the first ranks up to the limit. With ScopeAll they are as many of those as
	// are known for certain: the service does not tell who moves up from below when a user falls
	// out. With ScopeUsers they are the watched users, each with the rank as of the user's own last
	// change.
	Rows []RankedUser
	// TotalUsers is how many users the contest has, where TotalUsersKnown.
	TotalUsers int
	// TotalUsersKnown tells that TotalUsers is certain: always with ScopeAll, with a snapshot, and
	// with ScopeTop while the users are fewer than the limit.
	TotalUsersKnown bool
	// Position is that of the board; zero while there is none.
	Position Position
	// Changes are what the message told of, in order, without rows that the board held before.
	Changes []ScoreChange
	// SnapshotReason is why the board was told as a whole; empty where it was not.
	SnapshotReason SnapshotReason
	// Message is what led here; nil where only the state of the watch is another one.
	Message *pb.WatchContestResponse
	// Trouble is why there is no stream, while connecting or reconnecting; nil where nothing went
	// wrong. It is an [*Error], [ErrStreamLost] or [ErrMissedChanges].
	Trouble error
}

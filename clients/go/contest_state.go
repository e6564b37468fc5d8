package leaderboard

import (
	"strings"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// ContestState is the state of a contest, by the clock of the store. The zero value means any state.
type ContestState int32

const (
	// ContestScheduled means that the contest has not started: writes fail with
	// [ErrFailedPrecondition].
	ContestScheduled = ContestState(pb.ContestState_CONTEST_STATE_SCHEDULED)
	// ContestOpen means that writes are accepted.
	ContestOpen = ContestState(pb.ContestState_CONTEST_STATE_OPEN)
	// ContestClosed means that the contest is over: writes fail with [ErrFailedPrecondition].
	ContestClosed = ContestState(pb.ContestState_CONTEST_STATE_CLOSED)
)

// String returns the name of the state, such as "OPEN".
func (s ContestState) String() string {
	return strings.TrimPrefix(pb.ContestState(s).String(), "CONTEST_STATE_")
}
